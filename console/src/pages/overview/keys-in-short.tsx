import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { api, body } from '../../api/client'
import { KeyLanes } from '../../charts/key-lanes'
import { Card } from '../../ui/card'
import { Fault } from '../../ui/fault'
import { Loading } from '../../ui/loading'
import { useNow, When } from '../../ui/time'

export function useKeys() {
  return useQuery({
    queryKey: ['keys'],
    queryFn: () => body(api.GET('/v1/keys')),
    refetchInterval: 60_000,
  })
}

export function KeysInShort() {
  const keys = useKeys()
  const now = useNow(60)
  if (keys.isPending) return <Loading what="the keys" />
  if (keys.isError) return <Fault error={keys.error} again={() => keys.refetch()} />
  const { items, rotatesAt } = keys.data
  return (
    <Card
      title="Keys"
      lead={
        rotatesAt ? (
          <>
            The next key takes over <When at={rotatesAt} />
          </>
        ) : (
          'They are rotated by hand'
        )
      }
      aside={<Link to="/keys">Details</Link>}
    >
      <KeyLanes keys={items.slice(0, 3)} rotatesAt={rotatesAt} now={now} />
    </Card>
  )
}
