import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, body, type Schemas, type Template } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useSession } from '../../app/session'
import { describe, type Grant } from '../../lib/describe'
import { rfc3339 } from '../../lib/time'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Moment } from '../../ui/time'
import { Described } from '../../ui/words'
import { claimsOf, MOST_BYTES, sizeOf } from './estimate'

type Order = Schemas['IssuePassport']

/** What a template comes to with the values given, asked of the issuer whenever typing pauses. Nothing is made by it. */
export function useExpanded(order: Order, ready: boolean) {
  const asked = useSettled({ template: order.template ?? '', parameters: order.parameters ?? {} })
  return useQuery({
    queryKey: ['expanded', asked],
    queryFn: () =>
      body(
        api.POST('/v1/templates/{name}/expand', {
          params: { path: { name: asked.template } },
          body: { parameters: asked.parameters },
        }),
      ),
    enabled: ready && asked.template !== '',
    retry: false,
    placeholderData: (before) => before,
  })
}

/** A value once it has been the same for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value)
  const text = JSON.stringify(value)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is the value
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), 250)
    return () => window.clearTimeout(timer)
  }, [text])
  return settled
}

interface PreviewProps {
  order: Order
  template: Template | undefined
  expanded: ReturnType<typeof useExpanded>
  ready: boolean
  now: number
}

export function Preview({ order, template, expanded, ready, now }: PreviewProps) {
  const { issuer } = useSession()
  const grants = (template === undefined ? order.grants : expanded.data?.grants) as Grant[] | undefined
  const problem = template !== undefined && expanded.isError ? asProblem(expanded.error) : undefined
  return (
    <Card title="What it will be">
      {!ready ? (
        <p className="muted">
          Fill in the form, and this shows what the passport would allow and how large it would be.
        </p>
      ) : problem !== undefined ? (
        problem.faults.length > 0 ? (
          <p className="bad">As it stands it would be refused. The mistakes are beside their fields.</p>
        ) : (
          <Fault error={problem} />
        )
      ) : grants === undefined ? (
        <p className="muted">Asking the issuer …</p>
      ) : (
        <Claims
          claims={claimsOf(order, grants, issuer, order.audience ?? template?.audience ?? [], now)}
          grants={grants}
        />
      )}
    </Card>
  )
}

function Claims({ claims, grants }: { claims: ReturnType<typeof claimsOf>; grants: readonly Grant[] }) {
  return (
    <>
      <div className="stack" aria-live="polite">
        <h3>It allows</h3>
        <Described sentences={describe(grants)} />
      </div>
      <Size bytes={sizeOf(claims)} />
      <p className="small muted">
        It would end on <Moment at={rfc3339(claims.exp)} />.
      </p>
      <details>
        <summary>The token’s claims</summary>
        <CodeBlock text={JSON.stringify(claims, null, 2)} what="the claims" />
      </details>
    </>
  )
}

function Size({ bytes }: { bytes: number }) {
  return (
    <div className="size">
      <div className="row-apart small">
        <span id="token-size">Size of the token</span>
        <span className={bytes > MOST_BYTES ? 'number bad' : 'number'}>
          about {bytes.toLocaleString('en')} of {MOST_BYTES.toLocaleString('en')} bytes
        </span>
      </div>
      <meter aria-labelledby="token-size" min={0} max={MOST_BYTES} high={MOST_BYTES * 0.8} value={bytes}>
        {bytes}
      </meter>
      {bytes > MOST_BYTES && (
        <p className="small bad">That is too large: services would refuse it. Take fewer grants or shorter lists.</p>
      )}
    </div>
  )
}
