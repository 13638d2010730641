import { useQuery } from '@tanstack/react-query'
import { api, body, type Schemas } from '../../api/client'
import type { AuditEvent } from '../../api/event'
import { Badge, Outcome, type Tone } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Fault, sentence } from '../../ui/fault'
import { Icon, type IconName } from '../../ui/icon'
import { Loading } from '../../ui/loading'
import { Described, Words } from '../../ui/words'

/** A state of a grant, short. What a later release has beside these is shown as it is called. */
const results: Record<string, [Tone, IconName, string]> = {
  allows: ['good', 'good', 'allows it'],
  needs_approval: ['care', 'ask', 'asks a person'],
  constraint_unmet: ['bad', 'bad', 'not within its limits'],
  blocks: ['bad', 'bad', 'blocks it'],
  not_understood: ['plain', 'care', 'not understood'],
  ended: ['plain', 'clock', 'had ended'],
  other_action: ['plain', 'bad', 'not this action'],
  other_resource: ['plain', 'bad', 'about something else'],
  hidden: ['plain', 'ask', 'cannot be told'],
  not_asked: ['plain', 'ask', 'cannot be told'],
}

/** The grants of the passport, each with what it says to the request, and what the decision would be now. */
export function GrantsSaid({ event }: { event: AuditEvent }) {
  const { requestId = '', reporter } = event
  const why = useQuery({
    queryKey: ['audit', 'why', requestId, reporter],
    queryFn: () => body(api.GET('/v1/audit/why', { params: { query: { requestId, reporter } } })),
    retry: false,
  })
  if (why.isPending) return <Loading what="the grants" />
  if (why.isError) return <Fault error={why.error} again={() => why.refetch()} />
  const { passport, grants, hidden } = why.data
  if (passport === null || passport === undefined) {
    return (
      <Card title="What each grant said">
        <p className="muted">
          {event.passportId
            ? 'This issuer has issued no such passport, and so knows none of its grants.'
            : 'It was decided before a passport was read: there were no grants to look at.'}
        </p>
      </Card>
    )
  }
  return (
    <Card
      title="What each grant said"
      lead="The grants of the passport, by their place in it, held against the request."
    >
      {hidden.length > 0 && (
        <p className="muted">
          The verifier has hidden{' '}
          {hidden.map((name, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <code>{name}</code>
            </span>
          ))}{' '}
          from the log. What a grant demands of it cannot be looked at here.
        </p>
      )}
      <ol className="stack">
        {grants.map((grant) => (
          <GrantSaid key={grant.index} grant={grant} decided={why.data.recorded.grant === grant.index} />
        ))}
      </ol>
      <Now why={why.data} />
    </Card>
  )
}

function GrantSaid({ grant, decided }: { grant: Schemas['WhyGrant']; decided: boolean }) {
  const [tone, icon, word] = results[grant.result] ?? ['plain', 'care', grant.result]
  return (
    <li className={decided ? 'why-grant is-deciding' : 'why-grant'}>
      <div className="row">
        <strong>Grant {grant.index}</strong>
        <Badge tone={tone} icon={icon}>
          {word}
        </Badge>
        {decided && (
          <Badge tone="accent" icon="right">
            this one decided
          </Badge>
        )}
      </div>
      <Described sentences={grant.describe} />
      {(grant.unmet.length > 0 || grant.hidden.length > 0) && (
        <ul className="unmet">
          {grant.unmet.map((clause) => (
            <li key={`${clause.attribute} ${clause.operator}`}>
              <Icon name="bad" />
              <span>
                <Words text={sentence(clause.message)} />
              </span>
            </li>
          ))}
          {grant.hidden.map((clause) => (
            <li
              key={`${clause.attribute} ${clause.operator}`}
              className={clause.reportedUnmet ? undefined : 'is-unseen'}
            >
              <Icon name="ask" />
              <span>
                <Words text={sentence(clause.message)} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

/** The same request on the same passport, as it is now. */
function Now({ why }: { why: Schemas['Why'] }) {
  const { now, nowUnknown } = why
  return (
    <div className="why-now">
      <h3>The same request now</h3>
      {now ? (
        <p className="row">
          <Outcome of={now.outcome} />
          <span>
            <Words text={sentence(now.message)} />
          </span>
        </p>
      ) : (
        <p className="muted">What it would be now cannot be told: {nowUnknown}.</p>
      )}
    </div>
  )
}
