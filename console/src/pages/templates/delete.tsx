import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { api, body } from '../../api/client'
import { Confirm } from '../../ui/confirm'
import type { DeletedState } from './templates'

export function DeleteTemplate({ name, onClose }: { name: string; onClose(): void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const remove = async () => {
    const gone = await body(api.DELETE('/v1/templates/{name}', { params: { path: { name } } }))
    // Not asked for again here: what is in sight is what is gone.
    await queries.invalidateQueries({ queryKey: ['templates'], refetchType: 'none' })
    const state: DeletedState = { deleted: name, live: gone.livePassports }
    navigate('/templates', { state })
  }
  return (
    <Confirm title={`Delete the template ${name}?`} act="Delete" bad onClose={onClose} onConfirm={remove}>
      <p>
        Nothing can be issued by it any more. Passports that were stay as they are, until they are revoked or expire.
      </p>
    </Confirm>
  )
}
