interface SegmentsProps<T extends string> {
  label: string
  name: string
  value: T
  options: readonly (readonly [T, string])[]
  onChange(value: T): void
}

/** One of a few, as a row of radio buttons. */
export function Segments<T extends string>({ label, name, value, options, onChange }: SegmentsProps<T>) {
  return (
    <fieldset className="segmented" aria-label={label}>
      {options.map(([option, words]) => (
        <label key={option}>
          <input type="radio" name={name} value={option} checked={value === option} onChange={() => onChange(option)} />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
