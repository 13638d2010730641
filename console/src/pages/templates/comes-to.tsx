import type { Schemas } from '../../api/client'
import type { Problem } from '../../api/problem'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Mistakes } from '../../ui/field'
import { Described, Hidden } from '../../ui/words'
import { type Declared, parametersOf } from '../issue/draft'
import { ParameterFields } from '../issue/parameter-fields'

export type Values = Record<string, string>

/** Nobody has made a mistake in values before anything is typed: then nothing is asked where it would need some. */
export function valuesOf(declared: Record<string, Declared>, typed: Values) {
  const open = Object.values(declared)
  const begun =
    open.every((one) => one.default !== undefined) || Object.values(typed).some((text) => text.trim() !== '')
  return { begun, values: parametersOf(declared, typed) }
}

interface ComesToProps {
  title: string
  declared: Record<string, Declared>
  typed: Values
  onType(typed: Values): void
  /** Where the values stand in what was asked. */
  at: string
  /** What to say while nothing can be shown yet; `undefined` where it can. */
  waits: string | undefined
  /** Whether mistakes in the template itself have fields, elsewhere. */
  written?: boolean
  found: Pick<Schemas['TemplatePreview'], 'describe' | 'hides' | 'grants'> | undefined
  problem: Problem | undefined
}

/** What a template comes to with values for what it leaves open. */
export function ComesTo({ title, declared, typed, onType, at, waits, written, found, problem }: ComesToProps) {
  const open = Object.keys(declared).length > 0
  const ofValues = problem?.faults.filter(({ pointer }) => pointer.startsWith(`${at}/`)) ?? []
  return (
    <Mistakes value={ofValues}>
      <Card title={title} lead={open ? 'Try values for what it leaves open. Nothing is issued.' : undefined}>
        {open && <ParameterFields declared={declared} values={typed} at={at} onChange={onType} />}
        <div className="stack" aria-live="polite">
          {waits !== undefined ? (
            <p className="muted">{waits}</p>
          ) : problem === undefined ? (
            found !== undefined && (
              <>
                <Described sentences={found.describe} />
                <Hidden sentences={found.hides} />
                <details>
                  <summary>The grants as they would be signed</summary>
                  <CodeBlock text={JSON.stringify(found.grants, null, 2)} what="the grants as signed" />
                </details>
              </>
            )
          ) : problem.faults.length === 0 || (!written && ofValues.length < problem.faults.length) ? (
            <Fault error={problem} />
          ) : (
            <p className="bad">
              {ofValues.length > 0 ? 'With these values it would be refused.' : 'As it stands it would be refused.'} The
              mistakes are beside their fields.
            </p>
          )}
        </div>
      </Card>
    </Mistakes>
  )
}
