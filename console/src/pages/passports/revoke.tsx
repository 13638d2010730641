import { useQueryClient } from '@tanstack/react-query'
import { api, body, type Passport } from '../../api/client'
import { useSession } from '../../app/session'
import { Confirm, Reason, textOf } from '../../ui/confirm'

export function RevokePassport({ passport, onClose }: { passport: Passport; onClose(): void }) {
  const queries = useQueryClient()
  const own = useSession().passportId === passport.passportId
  const revoke = async (form: FormData) => {
    const reason = textOf(form, 'reason')
    await body(
      api.POST('/v1/passports/{id}/revoke', {
        params: { path: { id: passport.passportId } },
        body: reason === undefined ? {} : { reason },
      }),
    )
    await queries.invalidateQueries({ queryKey: ['passports'] })
  }
  return (
    <Confirm title="Revoke this passport?" act="Revoke the passport" bad onClose={onClose} onConfirm={revoke}>
      <p>
        <strong>{passport.agentId}</strong> can do nothing with it from now on, nor with any passport that came of it by
        renewal. Verifiers that follow this issuer know within seconds. It cannot be undone; a new passport can be
        issued.
      </p>
      {own && (
        <p className="bad">
          <strong>It is the passport that you are signed in with: your session ends with it.</strong>
        </p>
      )}
      <Reason hint="It is kept with the passport and in the audit log." />
    </Confirm>
  )
}
