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
import { type Column, Table } from '../../ui/table'
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
  const columns: (Column<Key> | false)[] = [
    { name: 'Key', cell: ({ keyId }) => <Id of={keyId} what="the key's id" /> },
    { name: 'State', cell: ({ state }) => <State of={state} /> },
    {
      name: 'Since',
      cell: (key) => <When at={key.revokedAt ?? key.retiredAt ?? key.activatedAt ?? key.createdAt} />,
    },
    {
      name: 'Published until',
      cell: ({ published, publishedUntil }) =>
        published ? (
          publishedUntil ? (
            <When at={publishedUntil} />
          ) : (
            'it retires'
          )
        ) : (
          <span className="muted">not published</span>
        ),
    },
    {
      name: 'Passports, live of all',
      cell: (key) =>
        may('passports.read') ? (
          <Link to={`/passports?keyId=${encodeURIComponent(key.keyId)}`}>{passports(key)}</Link>
        ) : (
          passports(key)
        ),
    },
    onRevoke !== undefined && {
      name: 'Revoke',
      unnamed: true,
      cell: (key) =>
        key.state !== 'revoked' && (
          <button type="button" className="button is-bad" onClick={() => onRevoke(key)}>
            Revoke<span className="sr"> key {key.keyId}</span>
          </button>
        ),
    },
  ]
  return <Table rows={keys} columns={columns} keyOf={({ keyId }) => keyId} />
}

function passports(key: Key): string {
  return `${key.live.toLocaleString('en')} of ${key.signed.toLocaleString('en')}`
}
