import { useEffect, useState } from 'react'
import { useSearchParams } from 'react-router'
import { Field } from './field'

/** The API looks for at most 256 bytes, and a letter has at most four. */
const SEARCHED = 64

/** A filter in the address. What is empty is not in it. */
export function useFilters() {
  const [search, setSearch] = useSearchParams()
  const set = (name: string, value: string) => {
    setSearch(
      (before) => {
        const after = new URLSearchParams(before)
        if (value === '') after.delete(name)
        else after.set(name, value)
        return after
      },
      { replace: true },
    )
  }
  const get = (name: string) => search.get(name) ?? ''
  return { get, set, all: search, clear: () => setSearch({}, { replace: true }) }
}

interface TextFilterProps {
  label: string
  value: string
  placeholder?: string
  /** Called when typing has paused. */
  onChange(value: string): void
}

export function TextFilter({ label, value, placeholder, onChange }: TextFilterProps) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed starts the clock
  useEffect(() => {
    if (typed === value) return
    const timer = window.setTimeout(() => onChange(typed.trim()), 250)
    return () => window.clearTimeout(timer)
  }, [typed])
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          type="search"
          maxLength={SEARCHED}
          value={typed}
          placeholder={placeholder}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </Field>
  )
}

interface ChoiceFilterProps {
  label: string
  value: string
  options: readonly (readonly [string, string])[]
  onChange(value: string): void
}

export function ChoiceFilter({ label, value, options, onChange }: ChoiceFilterProps) {
  return (
    <Field label={label} short>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map(([option, words]) => (
            <option key={option} value={option}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
