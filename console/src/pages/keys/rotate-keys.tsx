import { useQueryClient } from '@tanstack/react-query'
import { api, body } from '../../api/client'
import { Confirm } from '../../ui/confirm'

export function RotateKeys({ onClose }: { onClose(): void }) {
  const queries = useQueryClient()
  const rotate = async () => {
    await body(api.POST('/v1/keys/rotate', {}))
    await queries.invalidateQueries({ queryKey: ['keys'] })
  }
  return (
    <Confirm title="Rotate the keys now?" act="Rotate" onClose={onClose} onConfirm={rotate}>
      <ol className="described">
        <li>The next key, which verifiers know already, signs from now on, and a fresh one is made to follow it.</li>
        <li>
          The present key signs nothing more. It stays published until the last passport that it signed has ended.
        </li>
        <li>No passport ends, and no service has to do anything.</li>
      </ol>
      <p className="muted">If a key has leaked, do not rotate: revoke that key.</p>
    </Confirm>
  )
}
