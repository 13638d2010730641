import { useEffect, useState } from 'react'
import type { Template } from '../../api/client'
import { useSession } from '../../app/session'
import { type Draft, units } from './draft'
import { grantDraft, type Start, starts } from './starts'

function filled(start: Start, issuer: string): Partial<Draft> {
  return {
    template: '',
    parameters: {},
    audience: start.audience === 'issuer' ? issuer : start.audience,
    grants: start.grants,
    life: start.life,
    unit: start.unit,
  }
}

/** The longest unit in which a span is a whole number. */
export function inUnits(seconds: number): { life: number; unit: Draft['unit'] } {
  for (const unit of ['days', 'hours'] as const) {
    if (seconds % units[unit] === 0) return { life: seconds / units[unit], unit }
  }
  return { life: seconds / units.minutes, unit: 'minutes' }
}

function filledBy(template: Template): Partial<Draft> {
  return {
    template: template.name,
    parameters: {},
    audience: (template.audience ?? []).join(', '),
    grants: [grantDraft()],
    ...(template.expiresIn ? inUnits(template.expiresIn) : {}),
  }
}

/** The form's content, and what it was begun from. */
export function useDraft(agentId: string, template: string, templates: readonly Template[]) {
  const { issuer } = useSession()
  const [start, setStart] = useState('shop')
  const [draft, setDraft] = useState<Draft>(() => ({
    agentId,
    audience: '',
    template: '',
    parameters: {},
    grants: [],
    life: 1,
    unit: 'hours',
    onBehalfOf: '',
    renewDays: '',
    ...filled(starts()[0] as Start, issuer),
  }))
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }))
  const choose = (id: string) => {
    const saved = templates.find(({ name }) => id === `template:${name}`)
    const common = starts().find((each) => each.id === id)
    const change = saved !== undefined ? filledBy(saved) : common !== undefined ? filled(common, issuer) : undefined
    if (change === undefined) return
    setStart(id)
    set(change)
  }
  // A template that the address names is chosen once it is there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    if (template !== '' && templates.some(({ name }) => name === template)) choose(`template:${template}`)
  }, [template, templates.length > 0])
  return { draft, set, start, choose }
}
