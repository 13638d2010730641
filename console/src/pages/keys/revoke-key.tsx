import { useQueryClient } from '@tanstack/react-query'
import { api, body, type Key, type Schemas } from '../../api/client'
import { useMay } from '../../app/session'
import { Confirm, Reason, textOf } from '../../ui/confirm'

/** What a revocation came to. */
export interface Revoked {
  keyId: string
  affected: Schemas['AffectedPassport'][]
  reissued: boolean
}

interface RevokeKeyProps {
  of: Key
  onClose(): void
  onRevoked(revoked: Revoked): void
}

/** The drill before: what will happen, in order, and to how many. */
export function RevokeKey({ of: key, onClose, onRevoked }: RevokeKeyProps) {
  const queries = useQueryClient()
  const may = useMay()
  const revoke = async (form: FormData) => {
    const reason = textOf(form, 'reason') ?? ''
    const reissue = form.get('reissue') !== null
    const affected: Schemas['AffectedPassport'][] = []
    let after: string | undefined
    do {
      const page: Schemas['RevokedKey'] = await body(
        api.POST('/v1/keys/{kid}/revoke', {
          params: { path: { kid: key.keyId } },
          body: { reason, ...(reissue ? { reissue } : {}), ...(after === undefined ? {} : { after }) },
        }),
      )
      affected.push(...page.affected)
      after = page.affectedNext ?? undefined
    } while (after !== undefined)
    onRevoked({ keyId: key.keyId, affected, reissued: reissue })
    await queries.invalidateQueries({ queryKey: ['keys'] })
    await queries.invalidateQueries({ queryKey: ['passports'] })
  }
  return (
    <Confirm title="Revoke this key?" act="Revoke the key" bad onClose={onClose} onConfirm={revoke}>
      <p>
        For a key that has leaked, or may have. Key <code>{key.keyId.slice(0, 16)}…</code> is {key.state}. This happens,
        in this order:
      </p>
      <ol className="described">
        {key.state === 'active' && <li>The next key takes its place and signs from now on.</li>}
        <li>
          Everything that it signed is denied:{' '}
          {key.live === 1 ? '1 live passport' : `${key.live.toLocaleString('en')} live passports`}, and whatever
          somebody else may have signed with it. Connected verifiers know within seconds.
        </li>
        <li>You are shown whose passports those were.</li>
      </ol>
      <p>
        <strong>It cannot be undone.</strong> If the passport that you are signed in with is among them, your session
        ends.
      </p>
      <Reason hint="It is kept with the key and in the audit log." required />
      {may('passports.issue') && (
        <label className="check">
          <input type="checkbox" name="reissue" /> Issue each of them anew, with the key that signs then
        </label>
      )}
    </Confirm>
  )
}
