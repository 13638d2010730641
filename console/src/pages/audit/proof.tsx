import { useState } from 'react'
import { api, body } from '../../api/client'
import { saveAs } from '../../lib/save'
import { Card } from '../../ui/card'
import { Fault } from '../../ui/fault'
import { Icon } from '../../ui/icon'

/** The proof that this event stands in the log: a file that anybody can check, and the way to check it here. */
export function Proof({ requestId, reporter }: { requestId: string; reporter: string }) {
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const fetched = async (use: (proof: string) => Promise<void> | void) => {
    setBusy(true)
    setError(undefined)
    try {
      const found = await body(api.GET('/v1/audit/proof', { params: { query: { requestId, reporter } } }))
      const [proof] = (found as { items?: unknown[] }).items ?? []
      if (proof === undefined) throw new Error('the log gave no proof of this event')
      await use(JSON.stringify(proof))
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  const save = () => fetched((proof) => saveAs(`proof-${requestId}.json`, 'application/json', [proof]))
  const verify = () =>
    fetched(async (proof) => {
      const issuer = await body(api.GET('/.well-known/passport-issuer', {}))
      window.sessionStorage.setItem('passport-inspector-proof', proof)
      window.sessionStorage.setItem('passport-inspector-key', issuer.auditLog?.verifierKey ?? '')
      window.location.assign('/console/inspector#proof')
    })
  return (
    <Card
      title="Proof"
      lead="That this event stands in the log as it is shown here, and was there when the log was signed."
      aside={
        <>
          <button type="button" className="button" disabled={busy} onClick={save}>
            <Icon name="down" /> Save the proof
          </button>
          <button type="button" className="button" disabled={busy} onClick={verify}>
            <Icon name="inspector" /> Verify it in this browser
          </button>
        </>
      }
    >
      {error !== undefined && <Fault error={error} />}
      <p className="muted small">
        On another machine, with nothing but the file and the log's key:{' '}
        <code>passport audit verify --proof FILE --key KEY</code>
      </p>
    </Card>
  )
}
