import { saveAs } from '../../lib/save'
import { Card } from '../../ui/card'
import { Icon } from '../../ui/icon'
import { type Column, Table } from '../../ui/table'
import { Moment } from '../../ui/time'
import { Words } from '../../ui/words'
import type { Revoked } from './revoke-key'

/** The drill after: who has to hear of it, and the passports in place of those that fell. */
export function RevokedNow({ revoked }: { revoked: Revoked }) {
  const { keyId, affected, reissued } = revoked
  const made = affected.flatMap(({ reissued: passport }) => (passport ? [passport] : []))
  const own = affected.some((passport) => passport.own)
  const save = () => saveAs(`reissued-${keyId.slice(0, 8)}.json`, 'application/json', [JSON.stringify(made, null, 2)])
  return (
    <Card
      title="The key is revoked"
      tone="bad"
      lead={`${affected.length.toLocaleString('en')} live passports fell with ${keyId.slice(0, 16)}…`}
    >
      <ol className="described">
        <li>Find out how it leaked, and close that first.</li>
        {reissued && made.length > 0 && (
          <li>
            Bring each agent its new passport. They are shown this once.{' '}
            <button type="button" className="button" onClick={save}>
              <Icon name="down" /> Save all {made.length.toLocaleString('en')} as a file
            </button>
          </li>
        )}
        {!reissued && affected.length > 0 && (
          <li>Issue new passports to the agents below; until then they are denied.</li>
        )}
        <li>
          A verifier without a network denies them once it has fresh trust: bring it the trust bundle, or restart it
          with one.
        </li>
        <li>Look in the audit log for what was allowed with this key since it may have leaked.</li>
      </ol>
      {own && (
        <p className="bad">
          <strong>Your own passport was among them: sign in again with another one.</strong>
        </p>
      )}
      {affected.length > 0 && <Table rows={affected} columns={columns} keyOf={({ passportId }) => passportId} />}
    </Card>
  )
}

const columns: readonly Column<Revoked['affected'][number]>[] = [
  { name: 'Agent', cell: ({ agentId }) => agentId },
  { name: 'Passport', cell: ({ passportId }) => <code>{passportId}</code> },
  { name: 'Would have ended', cell: ({ expiresAt }) => <Moment at={expiresAt} /> },
  {
    name: 'In its place',
    cell: ({ reissued, refused }) =>
      reissued ? (
        <code>{reissued.passportId}</code>
      ) : refused ? (
        <span>
          none: <Words text={refused.detail} />
        </span>
      ) : (
        <span className="muted">none</span>
      ),
  },
]
