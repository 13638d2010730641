import { useQuery } from '@tanstack/react-query'
import { api, body, type Schemas } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useSettled } from '../../lib/settled'
import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Fault } from '../../ui/fault'
import { Moment } from '../../ui/time'
import { Described, Hidden } from '../../ui/words'

/** What the order would be issued as, asked of the issuer whenever typing pauses. Nothing is made by it. */
export function usePreview(order: Schemas['IssuePassport'], ready: boolean) {
  const asked = useSettled(order)
  return useQuery({
    queryKey: ['preview', asked],
    // An answer to what is not asked any more is not waited for.
    queryFn: ({ signal }) => body(api.POST('/v1/passports/preview', { body: asked, signal })),
    enabled: ready,
    // The last good one stays in sight until the next answer.
    placeholderData: (before) => before,
    gcTime: 60_000,
  })
}

interface PreviewProps {
  preview: ReturnType<typeof usePreview>
  ready: boolean
}

export function Preview({ preview, ready }: PreviewProps) {
  const problem = preview.isError ? asProblem(preview.error) : undefined
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
      ) : preview.data === undefined ? (
        <p className="muted">Asking the issuer …</p>
      ) : (
        <Previewed of={preview.data} />
      )}
    </Card>
  )
}

function Previewed({ of }: { of: Schemas['PassportPreview'] }) {
  return (
    <>
      <div className="stack" aria-live="polite">
        <h3>It allows</h3>
        <Described sentences={of.describe} />
        <Hidden sentences={of.hides} />
      </div>
      <Size bytes={of.tokenBytes} most={of.maxTokenBytes} />
      <p className="small muted">
        It would end on <Moment at={of.expiresAt} />.
      </p>
      <details>
        <summary>The token’s claims</summary>
        <CodeBlock text={JSON.stringify(of.claims, null, 2)} what="the claims" />
        <p className="small muted">
          Its id, <code>jti</code>, and its place in the status list are drawn when it is issued.
        </p>
      </details>
    </>
  )
}

function Size({ bytes, most }: { bytes: number; most: number }) {
  return (
    <div className="size">
      <div className="row-apart small">
        <span id="token-size">Size of the token</span>
        <span className="number">
          {bytes.toLocaleString('en')} of {most.toLocaleString('en')} bytes
        </span>
      </div>
      <meter aria-labelledby="token-size" min={0} max={most} high={most * 0.8} value={bytes}>
        {bytes}
      </meter>
    </div>
  )
}
