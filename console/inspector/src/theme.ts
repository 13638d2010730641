import { h } from './dom'
import { icon, type IconName } from './icons'

// The same key as the console's, so that what was chosen there holds here.
const KEY = 'passport-theme'
const themes = ['system', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

function chosen(): Theme {
  try {
    const kept = localStorage.getItem(KEY)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system'
  }
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // It holds for this page then.
  }
}

export function themeSwitch(): HTMLElement {
  const now = chosen()
  apply(now)
  const option = (theme: Theme) =>
    h(
      'label',
      { title: `${theme} colours` },
      h('input', { type: 'radio', name: 'theme', value: theme, checked: theme === now, 'aria-label': theme, onchange: () => apply(theme) }),
      icon(theme as IconName),
    )
  return h('fieldset', { class: 'segmented', 'aria-label': 'Colours' }, themes.map(option))
}
