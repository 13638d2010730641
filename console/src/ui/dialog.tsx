import { type FormEvent, type ReactNode, useEffect, useId, useRef } from 'react'

interface DialogProps {
  title: string
  onClose(): void
  onSubmit(form: FormData, close: () => void): void
  /** Given what closes it. */
  children(close: () => void): ReactNode
}

/** A form in the browser's own dialog: Escape closes it, and the focus goes back to where it came from. */
export function Dialog({ title, onClose, onSubmit, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  const close = () => dialog.current?.close()
  const closed = () => {
    onClose()
    // What it was opened by may be gone with what was done, once the page shows that.
    window.setTimeout(() => {
      if (document.activeElement === document.body) document.querySelector<HTMLElement>('main h1')?.focus()
    }, 100)
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    onSubmit(new FormData(event.currentTarget), close)
  }
  return (
    <dialog ref={dialog} onClose={closed} aria-labelledby={id}>
      <form onSubmit={submit}>
        <h2 id={id}>{title}</h2>
        {children(close)}
      </form>
    </dialog>
  )
}
