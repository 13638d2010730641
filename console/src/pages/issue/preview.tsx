import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, body, type Schemas } from '../../api/client'
import { asProblem } from '../../api/problem'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Moment } from '../../ui/time'
import { Described } from '../../ui/words'

/** What would be issued, asked of the issuer whenever typing pauses. Nothing is made by it. */
export function usePreview(order: Schemas['IssuePassport'], ready: boolean) {
  const [asked, setAsked] = useState(order)
  const text = JSON.stringify(order)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is the order
  useEffect(() => {
    const timer = window.setTimeout(() => setAsked(order), 250)
    return () => window.clearTimeout(timer)
  }, [text])
  return useQuery({
    queryKey: ['preview', asked],
    queryFn: () => body(api.POST('/v1/passports/preview', { body: asked })),
    enabled: ready,
    retry: false,
    staleTime: 30_000,
    gcTime: 30_000,
    placeholderData: (before) => before,
  })
}

export function Preview({ preview, ready }: { preview: ReturnType<typeof usePreview>; ready: boolean }) {
  const problem = preview.isError ? asProblem(preview.error) : undefined
  return (
    <Card title="What it will be">
      {!ready ? (
        <p className="muted">Fill in the form, and this shows what the passport would allow and how large it would be.</p>
      ) : problem !== undefined ? (
        problem.faults.length > 0 ? (
          <p className="bad">As it stands it would be refused. The mistakes are beside their fields.</p>
        ) : (
          <Fault error={problem} />
        )
      ) : preview.data === undefined ? (
        <p className="muted">Asking the issuer …</p>
      ) : (
        <>
          <div className="stack" aria-live="polite">
            <h3>It allows</h3>
            <Described sentences={preview.data.describe} />
          </div>
          <Size bytes={preview.data.tokenBytes} most={preview.data.maxTokenBytes} />
          <p className="small muted">
            It would end on <Moment at={preview.data.expiresAt} />.
          </p>
          <details>
            <summary>The token’s claims</summary>
            <CodeBlock text={JSON.stringify(preview.data.claims, null, 2)} what="the claims" />
          </details>
        </>
      )}
    </Card>
  )
}

function Size({ bytes, most }: { bytes: number; most: number }) {
  const full = bytes / most
  return (
    <div className="size">
      <div className="row-apart small">
        <span id="token-size">Size of the token</span>
        <span className="number">
          {bytes.toLocaleString('en')} of {most.toLocaleString('en')} bytes
        </span>
      </div>
      <meter aria-labelledby="token-size" min={0} max={most} high={most * 0.8} value={bytes}>
        {Math.round(full * 100)} %
      </meter>
    </div>
  )
}
