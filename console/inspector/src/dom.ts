// Elements, made by hand: nothing here ever turns text into HTML.

export type Child = Node | string | null | undefined | false | readonly Child[]

type Handlers = { [Name in keyof HTMLElementEventMap as `on${Name}`]?: (event: HTMLElementEventMap[Name]) => void }
export type Props = { [attribute: string]: unknown } & Handlers

export function h<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on') && typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value))
  }
  append(element, children)
  return element
}

function append(to: Node, children: readonly Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(to, child)
    else if (child instanceof Node) to.appendChild(child)
    else if (typeof child === 'string') to.appendChild(document.createTextNode(child))
  }
}

/** Puts these in the place of what stands in `element`. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren()
  append(element, children)
}

let count = 0

/** An id that no other element has. */
export function freshId(stem: string): string {
  count += 1
  return `${stem}-${count}`
}
