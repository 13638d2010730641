import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { Fault } from './fault'

interface ConfirmProps {
  title: string
  /** The word on the button that does it. */
  act: string
  bad?: boolean
  children: ReactNode
  onClose(): void
  /** Does it; what it throws is shown in the dialog, which stays open. */
  onConfirm(form: FormData): Promise<void>
}

/** Asks before something is done that cannot be undone, in the browser's own dialog. */
export function Confirm({ title, act, bad, children, onClose, onConfirm }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  useEffect(() => dialog.current?.showModal(), [])

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm(form)
      dialog.current?.close()
    } catch (thrown) {
      setError(thrown)
      setBusy(false)
    }
  }

  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <form onSubmit={submit}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {error !== undefined && <Fault error={error} />}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className={bad ? 'button is-first is-bad' : 'button is-first'} disabled={busy}>
            {busy ? 'One moment …' : act}
          </button>
        </div>
      </form>
    </dialog>
  )
}

export function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name)
  if (typeof value !== 'string') return undefined
  const trimmed = value.trim()
  return trimmed === '' ? undefined : trimmed
}
