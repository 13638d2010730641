import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, body } from '../../api/client'
import { asProblem, type Fault as Mistaken } from '../../api/problem'
import { Confirm, textOf } from '../../ui/confirm'
import { Field, Mistakes } from '../../ui/field'

interface NewAgentProps {
  onClose(): void
  onCreated?(agentId: string): void
}

export function NewAgent({ onClose, onCreated }: NewAgentProps) {
  const queries = useQueryClient()
  const [faults, setFaults] = useState<readonly Mistaken[]>([])

  const create = async (form: FormData) => {
    const agentId = textOf(form, 'agentId')
    const description = textOf(form, 'description')
    setFaults([])
    try {
      const created = await body(
        api.POST('/v1/agents', {
          body: {
            name: textOf(form, 'name') ?? '',
            ...(agentId === undefined ? {} : { agentId }),
            ...(description === undefined ? {} : { description }),
          },
        }),
      )
      await queries.invalidateQueries({ queryKey: ['agents'] })
      await queries.invalidateQueries({ queryKey: ['first-steps'] })
      onCreated?.(created.agentId)
    } catch (error) {
      setFaults(asProblem(error).faults)
      throw error
    }
  }

  return (
    <Confirm title="New agent" act="Create agent" onClose={onClose} onConfirm={create}>
      <Mistakes value={faults}>
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
      </Mistakes>
    </Confirm>
  )
}
