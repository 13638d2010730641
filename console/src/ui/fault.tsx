import { asProblem, nextStep } from '../api/problem'
import { Icon } from './icon'
import { Words } from './words'

/** What went wrong and what to do next. The issuer's messages are lower case without a full stop; here they are sentences. */
export function Fault({ error, again }: { error: unknown; again?: () => void }) {
  const problem = asProblem(error)
  const next = nextStep(problem)
  return (
    <div className="notice is-bad" role="alert">
      <Icon name="care" />
      <div className="stack">
        <p>
          <strong>
            <Words text={sentence(problem.message)} />
          </strong>{' '}
          {next !== undefined && <Words text={next} />}
        </p>
        {again !== undefined && (
          <p>
            <button type="button" className="button" onClick={again}>
              Try again
            </button>
          </p>
        )}
      </div>
    </div>
  )
}

export function sentence(text: string): string {
  const trimmed = text.trim()
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
