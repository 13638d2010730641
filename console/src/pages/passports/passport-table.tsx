import { Link } from 'react-router'
import type { Passport } from '../../api/client'
import { State } from '../../ui/badge'
import { When } from '../../ui/time'

/** Passports in a table; on an agent's own page without the agent. */
export function PassportTable({ passports, agent }: { passports: readonly Passport[]; agent: boolean }) {
  return (
    <div className="table-wrap">
      <table className="is-stacking">
        <thead>
          <tr>
            <th scope="col">Passport</th>
            {agent && <th scope="col">Agent</th>}
            <th scope="col">State</th>
            <th scope="col">For</th>
            <th scope="col">Template</th>
            <th scope="col">Ends</th>
          </tr>
        </thead>
        <tbody>
          {passports.map((passport) => (
            <tr key={passport.passportId}>
              <td>
                <Link to={`/passports/${encodeURIComponent(passport.passportId)}`} title={passport.passportId}>
                  <code>{short(passport.passportId)}</code>
                </Link>
              </td>
              {agent && (
                <td data-column="Agent">
                  <Link to={`/agents/${encodeURIComponent(passport.agentId)}`}>{passport.agentId}</Link>
                </td>
              )}
              <td data-column="State">
                <State of={passport.state} />
              </td>
              <td data-column="For" className="is-breaking">
                {passport.audience.map((audience) => audience.replace(/^https:\/\//, '')).join(', ')}
              </td>
              <td data-column="Template" className={passport.template ? undefined : 'muted'}>
                {passport.template ?? '—'}
              </td>
              <td data-column="Ends" className="muted">
                <When at={passport.expiresAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The end of an id: its beginning is the time, and alike for all that were made together. */
export function short(id: string): string {
  return id.length <= 20 ? id : `${id.slice(0, 11)}…${id.slice(-6)}`
}
