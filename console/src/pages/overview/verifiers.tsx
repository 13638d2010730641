import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { api, body, type Schemas } from '../../api/client'
import { span } from '../../lib/time'
import { Badge } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Empty } from '../../ui/empty'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { When } from '../../ui/time'

const SHOWN = 6

export function Verifiers() {
  const reporters = useQuery({
    queryKey: ['audit', 'reporters'],
    queryFn: () => body(api.GET('/v1/audit/reporters', { params: { query: { limit: 200 } } })),
    refetchInterval: 15_000,
  })
  if (reporters.isPending) return <Loading what="the verifiers" />
  if (reporters.isError) return <Fault error={reporters.error} again={() => reporters.refetch()} />
  const seen = [...reporters.data.items].sort((a, b) => (b.lastSeen ?? '').localeCompare(a.lastSeen ?? ''))
  return (
    <Card
      title="Verifiers"
      lead={
        seen.length > SHOWN
          ? `The last ${SHOWN} heard of ${seen.length} that report`
          : 'Services that report what they decided; trust and delivery as of the last decision'
      }
    >
      {seen.length === 0 ? (
        <Empty title="No verifier has reported yet">
          A service reports with a passport of its own that allows <code>audit.write</code> on <code>issuer/audit</code>
          . Issue one for it: the form has it among its starting points.
        </Empty>
      ) : (
        <ul className="plain-list">
          {seen.slice(0, SHOWN).map((reporter) => (
            <Verifier key={reporter.reporter} reporter={reporter} published={reporters.data.trustSequence} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function Verifier({ reporter, published }: { reporter: Schemas['Reporter']; published: number }) {
  return (
    <li className="verifier">
      <div className="row-apart">
        <Link to={`/audit?reporter=${encodeURIComponent(reporter.reporter)}`}>{reporter.reporter}</Link>
        <span className="muted">{reporter.lastSeen ? <When at={reporter.lastSeen} /> : 'never'}</span>
      </div>
      <div className="row small">
        <Trust used={reporter.lastTrust ?? undefined} published={published} />
        <Spool waited={reporter.lastDelay ?? undefined} />
        {reporter.openGaps > 0 && <Badge tone="bad" icon="care">{`${reporter.missing} missing`}</Badge>}
        {reporter.forks > 0 && <Badge tone="bad" icon="care">{`${reporter.forks} forked`}</Badge>}
      </div>
    </li>
  )
}

/** By which trust it decided last, beside what is published now. */
function Trust({ used, published }: { used: number | undefined; published: number }) {
  if (used === undefined) return null
  const behind = published - used
  if (behind <= 0)
    return (
      <Badge tone="good" icon="good">
        trust current
      </Badge>
    )
  return <Badge tone="care" icon="clock">{`trust ${behind} ${behind === 1 ? 'change' : 'changes'} behind`}</Badge>
}

/** How long its last decision waited in the spool until it came here. */
function Spool({ waited }: { waited: number | undefined }) {
  if (waited === undefined) return null
  if (waited <= 60) return <Badge tone="good" icon="good">{`delivered in ${span(Math.max(1, waited))}`}</Badge>
  return <Badge tone="care" icon="clock">{`delivered after ${span(waited)}`}</Badge>
}
