// Small parts that several of the cards are made of.
import { type Child, freshId, h } from './dom'
import { type IconName, icon } from './icons'

export type Tone = 'good' | 'care' | 'bad' | 'accent' | 'plain'

export const badge = (tone: Tone, name: IconName | undefined, text: string): HTMLElement =>
  h('span', { class: `badge is-${tone}` }, name !== undefined && icon(name), text)

export const notice = (tone: Tone, name: IconName, ...children: Child[]): HTMLElement =>
  h('div', { class: `notice is-${tone}` }, icon(name), h('div', { class: 'stack-s' }, ...children))

export function card(title: string, ...children: Child[]): HTMLElement {
  const id = freshId('card')
  return h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), ...children)
}

/** A label over its control, with room for a hint and for what is wrong. */
export function field(label: string, control: HTMLElement, hint?: Child): HTMLElement {
  const id = control.id || freshId('field')
  control.id = id
  const note = hint === undefined ? undefined : h('div', { class: 'hint', id: `${id}-hint` }, hint)
  if (note !== undefined) control.setAttribute('aria-describedby', note.id)
  return h('div', { class: 'field' }, h('label', { for: id }, label), control, note)
}

export function facts(rows: readonly (readonly [string, Child])[]): HTMLElement {
  return h('dl', { class: 'facts' }, rows.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]))
}

/** Text to be read and copied as it stands. */
export function codeBlock(text: string, what: string, shown: Child = text): HTMLElement {
  const said = h('span', { role: 'status', class: 'sr' })
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => { said.textContent = 'copied' },
      () => { said.textContent = 'not copied: select it and copy by hand' },
    )
  }
  const button = h('button', { type: 'button', class: 'button is-quiet copy', title: `Copy ${what}`, onclick: copy }, icon('copy'), h('span', { class: 'sr' }, `Copy ${what}`), said)
  return h('div', { class: 'code-block' }, h('pre', { tabindex: 0, role: 'region', 'aria-label': what }, h('code', {}, shown)), button)
}

/** A text area that also takes a file, chosen or dropped. */
export function textOrFile(area: HTMLTextAreaElement, what: string, changed: () => void): HTMLElement {
  const take = (file: File | undefined) => {
    if (file === undefined) return
    if (file.size > 24 << 20) {
      area.value = ''
      area.placeholder = `${file.name} has ${file.size.toLocaleString('en')} bytes, more than anything that can be looked at`
      return changed()
    }
    void file.text().then((text) => {
      area.value = text
      changed()
    })
  }
  const chooser = h('input', { type: 'file', class: 'sr', tabindex: -1, 'aria-hidden': 'true' })
  chooser.addEventListener('change', () => {
    take(chooser.files?.[0])
    chooser.value = ''
  })
  area.addEventListener('input', changed)
  area.addEventListener('dragover', (event) => event.preventDefault())
  area.addEventListener('drop', (event) => {
    if (event.dataTransfer?.files.length === 0) return
    event.preventDefault()
    take(event.dataTransfer?.files[0])
  })
  return h('div', { class: 'row' }, h('button', { type: 'button', class: 'button', onclick: () => chooser.click() }, icon('file'), `Choose ${what}`), chooser)
}

/** One of a few, as a row of radio buttons. */
export function segments<T extends string>(label: string, options: readonly (readonly [T, string])[], value: T, chosen: (value: T) => void): HTMLElement {
  const name = freshId('segments')
  const option = ([key, words]: readonly [T, string]) =>
    h('label', {}, h('input', { type: 'radio', name, value: key, checked: key === value, onchange: () => chosen(key) }), words)
  return h('fieldset', { class: 'segmented', 'aria-label': label }, options.map(option))
}
