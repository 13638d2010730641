export type Theme = 'system' | 'light' | 'dark'

const KEY = 'passport-theme'

/** What was chosen here before. A browser that keeps nothing follows the system. */
export function chosenTheme(): Theme {
  try {
    const kept = window.localStorage.getItem(KEY)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system'
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  try {
    window.localStorage.setItem(KEY, theme)
  } catch {
    // It holds for this page then.
  }
}
