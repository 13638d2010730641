import { useState } from 'react'
import { Link } from 'react-router'
import type { Key } from '../../api/client'
import { Guarded } from '../../app/guarded'
import { useMay } from '../../app/session'
import { KeyLanes, LaneLegend } from '../../charts/key-lanes'
import { State } from '../../ui/badge'
import { Card } from '../../ui/card'
import { Id } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { Page } from '../../ui/page'
import { Moment, useNow, When } from '../../ui/time'
import { useKeys } from '../overview/keys-in-short'
import { type Revoked, RevokeKey } from './revoke-key'
import { RevokedNow } from './revoked-now'
import { RotateKeys } from './rotate-keys'

export function Keys() {
  return (
    <Guarded needs="keys.read" title="Keys">
      <LoadedKeys />
    </Guarded>
  )
}

function LoadedKeys() {
  const keys = useKeys()
  const now = useNow(60)
  const may = useMay()
  const [rotating, setRotating] = useState(false)
  const [revoking, setRevoking] = useState<Key>()
  const [revoked, setRevoked] = useState<Revoked>()
  if (keys.isPending) return <Loading what="the keys" />
  if (keys.isError) {
    return (
      <Page title="Keys">
        <Fault error={keys.error} again={() => keys.refetch()} />
      </Page>
    )
  }
  const { items, rotatesAt } = keys.data
  return (
    <Page
      title="Keys"
      lead={
        rotatesAt ? (
          <>
            What passports are signed with. The next key takes over <When at={rotatesAt} />, on{' '}
            <Moment at={rotatesAt} />.
          </>
        ) : (
          'What passports are signed with. They are rotated by hand.'
        )
      }
      actions={
        may('keys.rotate') && (
          <button type="button" className="button" onClick={() => setRotating(true)}>
            Rotate now
          </button>
        )
      }
    >
      {revoked !== undefined && <RevokedNow revoked={revoked} />}
      <Card title="Their lives">
        <KeyLanes keys={items} rotatesAt={rotatesAt} now={now} />
        <LaneLegend />
      </Card>
      <Card title="Each key">
        <KeyTable keys={items} onRevoke={may('keys.revoke') ? setRevoking : undefined} />
      </Card>
      {rotating && <RotateKeys onClose={() => setRotating(false)} />}
      {revoking !== undefined && (
        <RevokeKey of={revoking} onClose={() => setRevoking(undefined)} onRevoked={setRevoked} />
      )}
    </Page>
  )
}

function KeyTable({ keys, onRevoke }: { keys: readonly Key[]; onRevoke: ((key: Key) => void) | undefined }) {
  const may = useMay()
  return (
    <div className="table-wrap">
      <table className="is-stacking">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
            <th scope="col">Published until</th>
            <th scope="col">Passports, live of all</th>
            {onRevoke !== undefined && (
              <th scope="col">
                <span className="sr">Revoke</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.keyId}>
              <td>
                <Id of={key.keyId} what="the key's id" />
              </td>
              <td data-column="State">
                <State of={key.state} />
              </td>
              <td data-column="Since">
                <When at={key.revokedAt ?? key.retiredAt ?? key.activatedAt ?? key.createdAt} />
              </td>
              <td data-column="Published until">
                {key.published ? (
                  key.publishedUntil ? (
                    <When at={key.publishedUntil} />
                  ) : (
                    'it retires'
                  )
                ) : (
                  <span className="muted">not published</span>
                )}
              </td>
              <td data-column="Passports, live of all">
                {may('passports.read') ? (
                  <Link to={`/passports?keyId=${encodeURIComponent(key.keyId)}`}>{passports(key)}</Link>
                ) : (
                  passports(key)
                )}
              </td>
              {onRevoke !== undefined && (
                <td>
                  {key.state !== 'revoked' && (
                    <button type="button" className="button is-bad" onClick={() => onRevoke(key)}>
                      Revoke<span className="sr"> key {key.keyId}</span>
                    </button>
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function passports(key: Key): string {
  return `${key.live.toLocaleString('en')} of ${key.signed.toLocaleString('en')}`
}
