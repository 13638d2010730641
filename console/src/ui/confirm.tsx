import { type ReactNode, useState } from 'react'
import { asProblem, type Problem } from '../api/problem'
import { Dialog } from './dialog'
import { Fault } from './fault'
import { Field, Mistakes } from './field'

interface ConfirmProps {
  title: string
  /** The word on the button that does it. */
  act: string
  bad?: boolean
  /** Its fields show what is wrong with them, by their pointers. */
  children: ReactNode
  onClose(): void
  /** Does it; what it throws is shown in the dialog, which stays open. */
  onConfirm(form: FormData): Promise<void>
}

/** Asks before something is done, or for what it is done with. */
export function Confirm({ title, act, bad, children, onClose, onConfirm }: ConfirmProps) {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()

  const submit = async (form: FormData, close: () => void) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onConfirm(form)
      close()
    } catch (thrown) {
      setProblem(asProblem(thrown))
      setBusy(false)
    }
  }

  return (
    <Dialog title={title} onClose={onClose} onSubmit={submit}>
      {(close) => (
        <>
          <Mistakes value={problem?.faults ?? []}>{children}</Mistakes>
          {problem !== undefined && <Fault error={problem} />}
          <div className="dialog-actions">
            <button type="button" className="button" onClick={close}>
              Cancel
            </button>
            <button type="submit" className={bad ? 'button is-first is-bad' : 'button is-first'} disabled={busy}>
              {busy ? 'One moment …' : act}
            </button>
          </div>
        </>
      )}
    </Dialog>
  )
}

/** Why it is done, as `reason`. */
export function Reason({ hint, required }: { hint?: string; required?: boolean }) {
  return (
    <Field label="Reason" optional={!required} hint={hint} pointer="/reason">
      {(control) => <input {...control} name="reason" required={required} maxLength={256} autoComplete="off" />}
    </Field>
  )
}

export function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name)
  if (typeof value !== 'string') return undefined
  const trimmed = value.trim()
  return trimmed === '' ? undefined : trimmed
}

/** Those of these fields that were filled in. */
export function textsOf<N extends string>(form: FormData, names: readonly N[]): { [K in N]?: string } {
  const given = names.flatMap((name) => {
    const text = textOf(form, name)
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(given) as { [K in N]?: string }
}
