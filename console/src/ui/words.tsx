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
