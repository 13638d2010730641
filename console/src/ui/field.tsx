import { createContext, type ReactNode, useContext, useId } from 'react'
import type { Fault } from '../api/problem'
import { sentence } from './fault'
import { Icon } from './icon'
import { Words } from './words'

/** The mistakes of the form around, as the issuer told them. */
export const Mistakes = createContext<readonly Fault[]>([])

/** Mistakes at a pointer, or below it where nothing deeper has a field of its own. */
export function faultsAt(faults: readonly Fault[], pointer: string): Fault[] {
  return faults.filter((fault) => fault.pointer === pointer || fault.pointer.startsWith(`${pointer}/`))
}

export function Mistake({ id, faults }: { id: string; faults: readonly Fault[] }) {
  if (faults.length === 0) return null
  return (
    <div id={id} className="stack">
      {faults.map((fault) => (
        <p key={fault.pointer + fault.detail} className="mistake">
          <Icon name="care" />
          <span>
            <Words text={sentence(fault.detail)} />
          </span>
        </p>
      ))}
    </div>
  )
}

interface FieldProps {
  label: string
  hint?: ReactNode
  optional?: boolean
  /** Where its value stands in the body that is sent: its mistakes are shown here. */
  pointer?: string
  /** A mistake that was found here already. */
  mistake?: string | undefined
  short?: boolean
  children(props: FieldControl): ReactNode
}

export interface FieldControl {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

export function Field({ label, hint, optional, pointer, mistake, short, children }: FieldProps) {
  const id = useId()
  const all = useContext(Mistakes)
  const faults = pointer === undefined ? [] : faultsAt(all, pointer)
  if (mistake !== undefined) faults.push({ pointer: '', detail: mistake })
  const described = [hint !== undefined && `${id}-hint`, faults.length > 0 && `${id}-mistake`].filter(Boolean).join(' ')
  return (
    <div className={short ? 'field is-short' : 'field'}>
      <label htmlFor={id}>
        {label} {optional && <span className="optional">(optional)</span>}
      </label>
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': faults.length > 0 ? true : undefined,
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
      <Mistake id={`${id}-mistake`} faults={faults} />
    </div>
  )
}
