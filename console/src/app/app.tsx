import { lazy, Suspense } from 'react'
import { Route, Routes } from 'react-router'
import { Overview } from '../pages/overview/overview'
import { SignIn } from '../pages/sign-in'
import { Loading } from '../ui/loading'
import { NotFound } from './not-found'
import { useSigning } from './session'
import { Shell } from './shell'

const Agents = lazy(async () => ({ default: (await import('../pages/agents/agents')).Agents }))
const AgentPage = lazy(async () => ({ default: (await import('../pages/agents/agent')).AgentPage }))
const Passports = lazy(async () => ({ default: (await import('../pages/passports/passports')).Passports }))
const PassportPage = lazy(async () => ({ default: (await import('../pages/passports/passport')).PassportPage }))
const Issue = lazy(async () => ({ default: (await import('../pages/issue/issue')).Issue }))
const Templates = lazy(async () => ({ default: (await import('../pages/templates/templates')).Templates }))
const TemplatePage = lazy(async () => ({ default: (await import('../pages/templates/template')).TemplatePage }))
const EditTemplate = lazy(async () => ({ default: (await import('../pages/templates/edit')).EditTemplate }))
const Approvals = lazy(async () => ({ default: (await import('../pages/approvals/approvals')).Approvals }))
const Audit = lazy(async () => ({ default: (await import('../pages/audit/audit')).Audit }))
const EventPage = lazy(async () => ({ default: (await import('../pages/audit/event')).EventPage }))
const Keys = lazy(async () => ({ default: (await import('../pages/keys/keys')).Keys }))
const Webhooks = lazy(async () => ({ default: (await import('../pages/webhooks/webhooks')).Webhooks }))
const WebhookPage = lazy(async () => ({ default: (await import('../pages/webhooks/webhook')).WebhookPage }))

export function App() {
  const { state } = useSigning()
  if (state === 'looking') return <Loading what="the console" />
  if (state === 'out') return <SignIn />
  return (
    <Shell>
      <Suspense fallback={<Loading what="the page" />}>
        <Routes>
          <Route path="/" element={<Overview />} />
          <Route path="/agents" element={<Agents />} />
          <Route path="/agents/:id" element={<AgentPage />} />
          <Route path="/passports" element={<Passports />} />
          <Route path="/passports/:id" element={<PassportPage />} />
          <Route path="/issue" element={<Issue />} />
          <Route path="/templates" element={<Templates />} />
          <Route path="/templates/new" element={<EditTemplate />} />
          <Route path="/templates/of/:name" element={<TemplatePage />} />
          <Route path="/templates/of/:name/change" element={<EditTemplate />} />
          <Route path="/approvals" element={<Approvals />} />
          <Route path="/approvals/:id" element={<Approvals />} />
          <Route path="/audit" element={<Audit />} />
          <Route path="/audit/:requestId" element={<EventPage />} />
          <Route path="/keys" element={<Keys />} />
          <Route path="/webhooks" element={<Webhooks />} />
          <Route path="/webhooks/:id" element={<WebhookPage />} />
          <Route path="*" element={<NotFound />} />
        </Routes>
      </Suspense>
    </Shell>
  )
}
