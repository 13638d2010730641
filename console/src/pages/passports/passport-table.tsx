import { Link } from 'react-router'
import type { Passport } from '../../api/client'
import { State } from '../../ui/badge'
import { type Column, Table } from '../../ui/table'
import { When } from '../../ui/time'

/** Passports in a table; on an agent's own page without the agent. */
export function PassportTable({ passports, agent }: { passports: readonly Passport[]; agent: boolean }) {
  return (
    <Table rows={passports} columns={agent ? [id, whose, ...rest] : [id, ...rest]} keyOf={(one) => one.passportId} />
  )
}

const id: Column<Passport> = {
  name: 'Passport',
  cell: ({ passportId }) => (
    <Link to={`/passports/${encodeURIComponent(passportId)}`} title={passportId}>
      <code>{short(passportId)}</code>
    </Link>
  ),
}

const whose: Column<Passport> = {
  name: 'Agent',
  cell: ({ agentId }) => <Link to={`/agents/${encodeURIComponent(agentId)}`}>{agentId}</Link>,
}

const rest: readonly Column<Passport>[] = [
  { name: 'State', cell: ({ state }) => <State of={state} /> },
  {
    name: 'For',
    className: 'is-breaking',
    cell: ({ audience }) => audience.map((one) => one.replace(/^https:\/\//, '')).join(', '),
  },
  { name: 'Template', cell: ({ template }) => template ?? <span className="muted">—</span> },
  { name: 'Ends', className: 'muted', cell: ({ expiresAt }) => <When at={expiresAt} /> },
]

/** The end of an id: its beginning is the time, and alike for all that were made together. */
export function short(id: string): string {
  return id.length <= 20 ? id : `${id.slice(0, 11)}…${id.slice(-6)}`
}
