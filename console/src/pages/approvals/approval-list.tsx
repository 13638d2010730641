import { NavLink } from 'react-router'
import type { Approval } from '../../api/client'
import { State } from '../../ui/badge'
import { When } from '../../ui/time'

interface ApprovalListProps {
  approvals: readonly Approval[]
  open: string | undefined
  view: string
}

export function ApprovalList({ approvals, view }: ApprovalListProps) {
  return (
    <ul className="approvals" aria-label={view === 'pending' ? 'Requests that wait' : 'Requests of the past'}>
      {approvals.map((approval) => (
        <li key={approval.approvalId}>
          <NavLink
            className="approval-link"
            to={`/approvals/${approval.approvalId}${view === 'pending' ? '' : '?view=decided'}`}
          >
            <span className="row-apart">
              <strong>{approval.agentId}</strong>
              <span className="small muted">
                <When at={approval.askedAt} />
              </span>
            </span>
            <span className="approval-what">{asked(approval)}</span>
            <span className="row small muted">
              {approval.state !== 'pending' && <State of={approval.state} />}
              <span className="approval-at">at {approval.audience.replace(/^https?:\/\//, '')}</span>
              {approval.approversNeeded > 1 && (
                <span>
                  {approval.approvedBy.length} of {approval.approversNeeded} people
                </span>
              )}
            </span>
          </NavLink>
        </li>
      ))}
    </ul>
  )
}

export function asked({ request }: Approval): string {
  const { action, resource } = request as { action?: string; resource?: string }
  return resource === undefined ? `${action}` : `${action} on ${resource}`
}
