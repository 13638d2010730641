/** A sentence of the issuer's: what it quotes in backticks is set as code. */
export function Words({ text }: { text: string }) {
  const parts = text.split('`')
  // An odd backtick belongs to the text, not to a quotation.
  if (parts.length % 2 === 0) return text
  return parts.map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
      <code key={index}>{part}</code>
    ),
  )
}

/** What a passport allows and forbids, in the issuer's sentences. */
export function Described({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return <p className="muted">It allows nothing.</p>
  return <Sentences of={sentences} />
}

/** What a passport keeps from the audit log, in the issuer's sentences; nothing where it is nothing. */
export function Hidden({ sentences }: { sentences: readonly string[] | null | undefined }) {
  if (!sentences?.length) return null
  return (
    <div className="stack">
      <h3>Kept from the audit log</h3>
      <Sentences of={sentences} />
      <p className="muted small">
        What is hidden is logged as a keyed hash: that two values are equal shows, and not what they are.
      </p>
    </div>
  )
}

function Sentences({ of: sentences }: { of: readonly string[] }) {
  return (
    <ul className="described">
      {sentences.map((sentence) => (
        <li key={sentence}>
          <Words text={sentence.charAt(0).toUpperCase() + sentence.slice(1)} />
        </li>
      ))}
    </ul>
  )
}
