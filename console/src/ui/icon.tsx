/** Line icons on a grid of 20, drawn here: no font and no sprite to fetch. They are decoration; words stand beside them. */
const paths = {
  brand:
    'M6 2h8a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3ZM10 11.500a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400M7 15h6',
  overview: 'M3 17V9m4.700 8V3m4.600 14v-6M17 17V6',
  agents:
    'M6 8h8a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-5a2 2 0 0 1 2-2ZM10 8V4.500M10 4.500a1 1 0 1 0 0-2 1 1 0 0 0 0 2M7.500 12v1.500M12.500 12v1.500',
  passports:
    'M6 2.500h8A1.500 1.500 0 0 1 15.500 4v12a1.500 1.500 0 0 1-1.500 1.500H6A1.500 1.500 0 0 1 4.500 16V4A1.500 1.500 0 0 1 6 2.500ZM10 10.500a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600M7.500 14h5',
  issue: 'M10 4v12M4 10h12',
  templates:
    'M5 2.500h7L16 6.500V16a1.500 1.500 0 0 1-1.500 1.500H5A1.500 1.500 0 0 1 3.500 16V4A1.500 1.500 0 0 1 5 2.500ZM11.500 2.500V7H16M7 10.500h2m2 0h2M7 13.500h6',
  approvals: 'M3 11l2.500-6.500h9L17 11v4.500H3V11ZM3 11h4l1 2h4l1-2h4',
  audit: 'M4 5h12M4 10h12M4 15h7',
  keys: 'M7 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M10.500 10H17v3M14 10v2.500',
  webhooks: 'M4 16V9a5 5 0 0 1 5-5h7M12.500 1 16 4l-3.500 3.500M8 16v-5h8',
  inspector: 'M8.500 14a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11M12.500 12.500 17 17',
  menu: 'M3 6h14M3 10h14M3 14h14',
  close: 'M5 5l10 10M15 5L5 15',
  light:
    'M10 13.200a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400M10 2.500v1.500M10 16v1.500M2.500 10H4M16 10h1.500M4.700 4.700l1 1M14.300 14.300l1 1M4.700 15.300l1-1M14.300 5.700l1-1',
  dark: 'M16.500 11.800A6.800 6.800 0 0 1 8.200 3.500a6.800 6.800 0 1 0 8.300 8.300Z',
  system: 'M4 4h12a1 1 0 0 1 1 1v7.500a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM7.500 16.500h5M10 13.500v3',
  good: 'M4.500 10.500l3.500 3.500 7.500-8',
  bad: 'M6 6l8 8M14 6l-8 8',
  care: 'M10 5v6M10 14v.1',
  ask: 'M7.300 7.500a2.700 2.700 0 1 1 3.900 2.400c-.8.400-1.200 1-1.200 1.900M10 14.500v.1',
  copy: 'M7.500 7.500h8v8h-8zM12.500 7.500v-3h-8v8h3',
  down: 'M10 3.500v9M6 9l4 4 4-4M4 16.500h12',
  right: 'M8 5l5 5-5 5',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M10 6v4.300l2.700 1.700',
  bin: 'M4 6h12M8 6V4h4v2M6 6l.7 10h6.600L14 6',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.600"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
