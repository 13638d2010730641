// Line icons on a grid of 20, as the console has them. They are decoration; words stand beside them.
const paths = {
  brand: 'M6 2h8a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3ZM10 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M7 15h6',
  light:
    'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M10 2.5V4M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M4.7 15.3l1-1M14.3 5.7l1-1',
  dark: 'M16.5 11.8A6.8 6.8 0 0 1 8.2 3.5a6.8 6.8 0 1 0 8.3 8.3Z',
  system: 'M4 4h12a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM7.5 16.5h5M10 13.5v3',
  good: 'M4.5 10.5l3.5 3.5 7.5-8',
  bad: 'M6 6l8 8M14 6l-8 8',
  care: 'M10 5v6M10 14v.1',
  ask: 'M7.3 7.5a2.7 2.7 0 1 1 3.9 2.4c-.8.4-1.2 1-1.2 1.9M10 14.5v.1',
  none: 'M6 10h8',
  shield: 'M10 2.5l6 2.2v4.6c0 3.9-2.500 6.700-6 8.200-3.500-1.500-6-4.300-6-8.200V4.700l6-2.200ZM7.300 10l2 2 3.500-4',
  copy: 'M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3',
  file: 'M5.5 2.500h6l3.500 3.500v11.500h-9.500zM11 2.500v4h4',
  plus: 'M10 4.500v11M4.500 10h11',
  bin: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6',
} as const

export type IconName = keyof typeof paths

const SVG = 'http://www.w3.org/2000/svg'

export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('viewBox', '0 0 20 20')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  const drawn = { d: paths[name], fill: 'none', stroke: 'currentColor', 'stroke-width': '1.6', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }
  for (const [attribute, value] of Object.entries(drawn)) path.setAttribute(attribute, value)
  svg.appendChild(path)
  return svg
}
