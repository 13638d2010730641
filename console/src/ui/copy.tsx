import { useState } from 'react'
import { Icon } from './icon'

interface CopyProps {
  text: string
  /** What is copied, as "the passport": the button's name. */
  what: string
  small?: boolean
}

export function Copy({ text, what, small }: CopyProps) {
  const [said, setSaid] = useState('')
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid('copied'),
      () => setSaid('not copied: select it and copy by hand'),
    )
    window.setTimeout(() => setSaid(''), 2_500)
  }
  return (
    <button
      type="button"
      className={small ? 'button is-quiet copy is-small' : 'button is-quiet copy'}
      onClick={copy}
      title={`Copy ${what}`}
    >
      <Icon name={said === 'copied' ? 'good' : 'copy'} />
      <span className="sr">Copy {what}</span>
      <span role="status" className={said === '' || said === 'copied' ? 'sr' : 'small'}>
        {said}
      </span>
    </button>
  )
}

/** Text to be read and copied as it stands. */
export function CodeBlock({ text, what, wrap }: { text: string; what: string; wrap?: boolean }) {
  return (
    <div className="code-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: it is no set of fields */}
      <pre className={wrap ? 'is-wrapping' : undefined} tabIndex={0} role="group" aria-label={what}>
        <code>{text}</code>
      </pre>
      <Copy text={text} what={what} />
    </div>
  )
}

/** An id, cut where there is no room, whole when copied. */
export function Id({ of, what }: { of: string; what: string }) {
  return (
    <span className="id">
      <code title={of}>{of}</code>
      <Copy text={of} what={what} small />
    </span>
  )
}
