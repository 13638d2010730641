import { Card } from '../../ui/card'
import { CodeBlock } from '../../ui/copy'
import { Icon } from '../../ui/icon'
import type { Webhook } from './webhooks'

/** The one time that a webhook's secret is shown. */
export function Secret({ of: webhook }: { of: Webhook }) {
  if (!webhook.secret) return null
  return (
    <>
      <div className="notice is-care" role="status">
        <Icon name="care" />
        <p>
          <strong>This is the only time that the secret is shown.</strong> With it the receiver at{' '}
          {webhook.url.replace(/^https:\/\//, '')} sees that a message is of this issuer, which keeps it nowhere.
        </p>
      </div>
      <Card title="The secret">
        <CodeBlock text={webhook.secret} what="the secret" wrap />
      </Card>
    </>
  )
}
