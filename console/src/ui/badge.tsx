import { Icon, type IconName } from './icon'

export type Tone = 'good' | 'care' | 'bad' | 'plain' | 'accent'

/** A state in a word; its colour is never the only thing that tells it. */
export function Badge({ tone = 'plain', icon, children }: { tone?: Tone; icon?: IconName; children: string }) {
  return (
    <span className={`badge is-${tone}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </span>
  )
}

const outcomes: Record<string, [Tone, IconName, string]> = {
  allow: ['good', 'good', 'allowed'],
  deny: ['bad', 'bad', 'denied'],
  approval_required: ['care', 'ask', 'asked'],
}

export function Outcome({ of }: { of: string | null | undefined }) {
  const [tone, icon, word] = outcomes[of ?? ''] ?? ['plain', 'care', of ?? 'no decision']
  return (
    <Badge tone={tone as Tone} icon={icon as IconName}>
      {word as string}
    </Badge>
  )
}

const states: Record<string, [Tone, IconName | undefined]> = {
  live: ['good', 'good'],
  enabled: ['good', 'good'],
  approved: ['good', 'good'],
  active: ['good', 'good'],
  pending: ['care', 'clock'],
  next: ['accent', 'clock'],
  retired: ['plain', undefined],
  expired: ['plain', undefined],
  disabled: ['bad', 'bad'],
  denied: ['bad', 'bad'],
  revoked: ['bad', 'bad'],
  done: ['good', 'good'],
  dead: ['bad', 'bad'],
}

export function State({ of }: { of: string }) {
  const [tone, icon] = states[of] ?? ['plain', undefined]
  return icon === undefined ? (
    <Badge tone={tone}>{of}</Badge>
  ) : (
    <Badge tone={tone} icon={icon}>
      {of}
    </Badge>
  )
}
