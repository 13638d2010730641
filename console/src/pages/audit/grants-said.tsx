import { useQuery } from '@tanstack/react-query'
import { api, body } from '../../api/client'
import type { AuditEvent } from '../../api/event'
import { describe, type Grant } from '../../lib/describe'
import { type Said, saidTo } from '../../lib/patterns'
import { Badge, type Tone } from '../../ui/badge'
import { Card } from '../../ui/card'
import type { IconName } from '../../ui/icon'
import { Described } from '../../ui/words'

const words: Record<Said, [Tone, IconName, string]> = {
  decided: ['accent', 'right', 'this one decided'],
  allows: ['good', 'good', 'would allow it'],
  unmet: ['bad', 'bad', 'not within its limits'],
  blocks: ['bad', 'bad', 'blocks it'],
  ended: ['plain', 'clock', 'had ended'],
  'other-action': ['plain', 'bad', 'not this action'],
  'other-resource': ['plain', 'bad', 'about something else'],
}

/** The grants of the passport, each with what it said to the request. */
export function GrantsSaid({ event }: { event: AuditEvent }) {
  const id = event.passportId ?? ''
  const passport = useQuery({
    queryKey: ['passports', 'one', id],
    queryFn: () => body(api.GET('/v1/passports/{id}', { params: { path: { id } } })),
    enabled: id !== '',
    retry: false,
  })
  const grants = (passport.data?.grants ?? []) as Grant[]
  if (grants.length === 0) return null
  return (
    <Card title="What each grant said" lead="The grants of the passport, by their place in it.">
      <ol className="stack">
        {grants.map((grant, index) => {
          const said = saidTo(grant, index, event)
          const [tone, icon, word] = words[said]
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a grant is known by its place
            <li key={index} className={said === 'decided' ? 'why-grant is-deciding' : 'why-grant'}>
              <div className="row">
                <strong>Grant {index}</strong>
                <Badge tone={tone} icon={icon}>
                  {word}
                </Badge>
              </div>
              <Described sentences={describe([grant])} />
            </li>
          )
        })}
      </ol>
    </Card>
  )
}
