import { useQueryClient } from '@tanstack/react-query'
import { type Approval, api, body } from '../../api/client'
import { Confirm, Reason, textOf } from '../../ui/confirm'
import { asked } from './approval-list'

interface DecideProps {
  approval: Approval
  how: 'approve' | 'deny'
  onClose(): void
}

export function Decide({ approval, how, onClose }: DecideProps) {
  const queries = useQueryClient()
  const decide = async (form: FormData) => {
    const reason = textOf(form, 'reason')
    const call = { params: { path: { id: approval.approvalId } }, body: reason === undefined ? {} : { reason } }
    await body(
      how === 'approve' ? api.POST('/v1/approvals/{id}/approve', call) : api.POST('/v1/approvals/{id}/deny', call),
    )
    await queries.invalidateQueries({ queryKey: ['approvals'] })
  }
  const more = approval.approversNeeded - approval.approvedBy.length - 1
  return (
    <Confirm
      title={how === 'approve' ? 'Approve this request?' : 'Deny this request?'}
      act={how === 'approve' ? 'Approve' : 'Deny'}
      bad={how === 'deny'}
      onClose={onClose}
      onConfirm={decide}
    >
      <p>
        <strong>{approval.agentId}</strong> {how === 'approve' ? 'may' : 'may not'} <strong>{asked(approval)}</strong>{' '}
        at {approval.audience},{' '}
        {how === 'approve'
          ? 'once, exactly as asked, within the next 15 minutes.'
          : 'and is told so. It can ask again.'}
        {how === 'approve' && more > 0 && ` ${more} more ${more === 1 ? 'person has' : 'people have'} to say yes too.`}
      </p>
      <Reason hint="It is kept with the request and in the audit log, under your name." />
    </Confirm>
  )
}
