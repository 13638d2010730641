import { type FormEvent, useState } from 'react'
import { asProblem, type Problem } from '../api/problem'
import { useSigning } from '../app/session'
import { CodeBlock } from '../ui/copy'
import { Fault } from '../ui/fault'
import { Field } from '../ui/field'
import { Icon } from '../ui/icon'
import './sign-in.css'

export function SignIn() {
  const { signIn, problem, ended } = useSigning()
  const [passport, setPassport] = useState('')
  const [busy, setBusy] = useState(false)
  const [failed, setFailed] = useState<Problem>()

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setFailed(undefined)
    try {
      await signIn(passport.trim())
    } catch (error) {
      setFailed(asProblem(error))
      setBusy(false)
    }
  }
  const shown = failed ?? problem

  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <p className="brand sign-in-brand">
          <Icon name="brand" />
          <span>Passport</span>
        </p>
        <h1>Sign in</h1>
        <p className="muted">
          The console acts with your own permission passport: you see what its grants allow, and can do nothing else.
        </p>
        {ended && shown === undefined && (
          <div className="notice" role="status">
            <Icon name="clock" />
            <p>Your session is over. Sign in again to go on.</p>
          </div>
        )}
        {shown !== null && shown !== undefined && <SignInFault problem={shown} />}
        <form className="stack" onSubmit={submit}>
          <Field label="Your passport" hint="It is sent to this issuer once, and is not kept in the browser.">
            {(control) => (
              <textarea
                {...control}
                className="mono"
                rows={4}
                required
                value={passport}
                onChange={(event) => setPassport(event.target.value)}
                placeholder="eyJ…"
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
              />
            )}
          </Field>
          <button type="submit" className="button is-first" disabled={busy}>
            {busy ? 'Signing in …' : 'Sign in'}
          </button>
        </form>
        <div className="stack sign-in-help">
          <h2>Where do I get one?</h2>
          <p className="muted">
            On the issuer’s machine, this prints a link that signs you in once. The first admin’s passport lies in the
            issuer’s data directory, as <code>admin.passport</code>.
          </p>
          <CodeBlock text="passport console" what="the command" />
        </div>
      </div>
    </main>
  )
}

function SignInFault({ problem }: { problem: Problem }) {
  if (problem.status !== 401) return <Fault error={problem} />
  return (
    <div className="notice is-bad" role="alert">
      <Icon name="care" />
      <p>
        <strong>That did not sign you in.</strong> {problem.message}. Take a passport that is live and made for this
        issuer, or a fresh link.
      </p>
    </div>
  )
}
