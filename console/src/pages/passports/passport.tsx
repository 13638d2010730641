import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { api, body, type Passport } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { CodeBlock, Id } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Icon } from '../../ui/icon'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { Moment, When } from '../../ui/time'
import { Described, Hidden } from '../../ui/words'
import { RecentEvents } from '../audit/recent-events'
import { templatePath } from '../templates/paths'
import { RevokePassport } from './revoke'

export function PassportPage() {
  return (
    <Guarded needs="passports.read" title="Passport">
      <LoadedPassport />
    </Guarded>
  )
}

function LoadedPassport() {
  const { id = '' } = useParams()
  const passport = useQuery({
    queryKey: ['passports', 'one', id],
    queryFn: () => body(api.GET('/v1/passports/{id}', { params: { path: { id } } })),
    refetchInterval: 10_000,
  })
  if (passport.isPending) return <Loading what="the passport" />
  if (passport.isError) {
    return (
      <Page title="Passport" above={<Link to="/passports">Passports</Link>}>
        <Fault error={passport.error} again={() => passport.refetch()} />
      </Page>
    )
  }
  return <PassportInFull passport={passport.data} />
}

function PassportInFull({ passport }: { passport: Passport }) {
  const may = useMay()
  const [revoking, setRevoking] = useState(false)
  const live = passport.state === 'live'
  return (
    <Page
      title={`Passport of ${passport.agentId}`}
      beside={<State of={passport.state} />}
      above={<Link to="/passports">Passports</Link>}
      actions={
        live &&
        may('passports.revoke') && (
          <button type="button" className="button is-bad" onClick={() => setRevoking(true)}>
            Revoke
          </button>
        )
      }
    >
      {passport.state === 'revoked' && <Revoked passport={passport} />}
      <div className="grid-main">
        <Card title="What it allows">
          <Described sentences={passport.describe ?? []} />
          <p className="muted small">Everything that is not listed is refused.</p>
          <Hidden sentences={passport.hides} />
          <details>
            <summary>The grants as signed</summary>
            <CodeBlock text={JSON.stringify(passport.grants, null, 2)} what="the grants" />
          </details>
        </Card>
        <Card title="About it">
          <Facts passport={passport} />
        </Card>
      </div>
      {may('audit.read') && (
        <RecentEvents title="Decisions on it" filter={{ passportId: passport.passportId, kind: 'decision' }} />
      )}
      {revoking && <RevokePassport passport={passport} onClose={() => setRevoking(false)} />}
    </Page>
  )
}

function Revoked({ passport }: { passport: Passport }) {
  return (
    <div className="notice is-bad">
      <Icon name="bad" />
      <p>
        <strong>
          Revoked {passport.revokedAt && <When at={passport.revokedAt} />}
          {passport.revokeReason ? `: ${passport.revokeReason}.` : '.'}
        </strong>{' '}
        Verifiers that follow this issuer refuse it since then; one without a network does so once it has fresh trust.
      </p>
    </div>
  )
}

function Facts({ passport }: { passport: Passport }) {
  const may = useMay()
  const { lineage, passportId } = passport
  return (
    <dl className="facts">
      <dt>Id</dt>
      <dd>
        <Id of={passportId} what="the id" />
      </dd>
      <dt>Agent</dt>
      <dd>
        <Link to={`/agents/${encodeURIComponent(passport.agentId)}`}>{passport.agentId}</Link>
      </dd>
      {passport.onBehalfOf && (
        <>
          <dt>On behalf of</dt>
          <dd>{passport.onBehalfOf}</dd>
        </>
      )}
      <dt>For</dt>
      <dd>
        {passport.audience.map((audience) => (
          <div key={audience}>{audience}</div>
        ))}
      </dd>
      <dt>Issued</dt>
      <dd>
        <Moment at={passport.issuedAt} /> by {passport.issuedBy}
      </dd>
      {passport.notBefore && (
        <>
          <dt>Starts</dt>
          <dd>
            <Moment at={passport.notBefore} />
          </dd>
        </>
      )}
      <dt>Ends</dt>
      <dd>
        <Moment at={passport.expiresAt} />{' '}
        <span className="muted">
          (<When at={passport.expiresAt} />)
        </span>
      </dd>
      {passport.renewUntil && (
        <>
          <dt>Renews until</dt>
          <dd>
            <Moment at={passport.renewUntil} />
          </dd>
        </>
      )}
      {passport.template && (
        <>
          <dt>Template</dt>
          <dd>
            {may('templates.read') ? (
              <Link to={templatePath(passport.template)}>{passport.template}</Link>
            ) : (
              passport.template
            )}
            , revision {passport.templateRevision}
          </dd>
        </>
      )}
      {lineage && lineage !== passportId && (
        <>
          <dt>Came of</dt>
          <dd>
            <Link to={`/passports/${encodeURIComponent(lineage)}`}>{lineage}</Link>
          </dd>
        </>
      )}
      <dt>Signed by</dt>
      <dd>
        {may('keys.read') ? (
          <Link to="/keys">
            <code>{passport.keyId}</code>
          </Link>
        ) : (
          <code>{passport.keyId}</code>
        )}
      </dd>
    </dl>
  )
}
