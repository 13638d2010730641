import { Link } from 'react-router'
import type { Schemas } from '../../api/client'
import { useMay } from '../../app/session'
import { saveAs } from '../../lib/save'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { Moment } from '../../ui/time'
import { Try } from './try'

interface IssuedProps {
  issued: Schemas['IssuedPassport']
  order: Schemas['IssuePassport']
  again(): void
}

/** The one time that a token is shown, and a first request to try on it. */
export function Issued({ issued, order, again }: IssuedProps) {
  const may = useMay()
  const inspect = () => {
    // The inspector takes it from here and not from its address, which ends up in histories and logs.
    window.sessionStorage.setItem('passport-inspector-token', issued.passport)
    window.location.assign('/console/inspector')
  }
  return (
    <Page
      title="The passport is issued"
      lead={`For ${issued.agentId}, as ${issued.passportId}`}
      actions={
        <>
          <button type="button" className="button" onClick={again}>
            Issue another
          </button>
          {may('passports.read') && (
            <Link className="button" to={`/passports/${encodeURIComponent(issued.passportId)}`}>
              Open its page
            </Link>
          )}
        </>
      }
    >
      <div className="notice is-care">
        <Icon name="care" />
        <p>
          <strong>This is the only time that the token is shown.</strong> The issuer keeps its claims and never the
          token. Whoever has it can act with it until <Moment at={issued.expiresAt} />: bring it to its agent and
          nowhere else.
        </p>
      </div>
      <Card
        title="The token"
        lead={`${issued.passport.length.toLocaleString('en')} bytes`}
        aside={
          <>
            <button
              type="button"
              className="button"
              onClick={() => saveAs(`${issued.agentId}.passport`, 'text/plain', [issued.passport])}
            >
              <Icon name="down" /> Save as a file
            </button>
            <button type="button" className="button" onClick={inspect}>
              <Icon name="inspector" /> Inspect
            </button>
          </>
        }
      >
        <CodeBlock text={issued.passport} what="the token" wrap />
      </Card>
      <Try token={issued.passport} order={order} passportId={issued.passportId} />
    </Page>
  )
}
