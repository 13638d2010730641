import { useQueryClient } from '@tanstack/react-query'
import { api, body } from '../../api/client'
import { Confirm, textOf, textsOf } from '../../ui/confirm'
import { Field } from '../../ui/field'

interface NewAgentProps {
  onClose(): void
  onCreated?(agentId: string): void
}

export function NewAgent({ onClose, onCreated }: NewAgentProps) {
  const queries = useQueryClient()
  const create = async (form: FormData) => {
    const order = { name: textOf(form, 'name') ?? '', ...textsOf(form, ['agentId', 'description']) }
    const created = await body(api.POST('/v1/agents', { body: order }))
    await queries.invalidateQueries({ queryKey: ['agents'] })
    await queries.invalidateQueries({ queryKey: ['first-steps'] })
    onCreated?.(created.agentId)
  }
  return (
    <Confirm title="New agent" act="Create agent" onClose={onClose} onConfirm={create}>
      <Field label="Name" hint="For people: “Ollie, travel assistant”." pointer="/name">
        {(control) => <input {...control} name="name" required maxLength={256} autoComplete="off" />}
      </Field>
      <Field
        label="Id"
        optional
        hint="What passports and the log call it. One is made where this is empty; it never changes."
        pointer="/agentId"
      >
        {(control) => (
          <input
            {...control}
            className="mono"
            name="agentId"
            maxLength={256}
            placeholder="agent_ollie"
            autoComplete="off"
            spellCheck={false}
          />
        )}
      </Field>
      <Field label="What it is for" optional pointer="/description">
        {(control) => <textarea {...control} name="description" rows={2} maxLength={4096} />}
      </Field>
    </Confirm>
  )
}
