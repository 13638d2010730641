import { useState } from 'react'
import { asProblem } from '../api/problem'
import { Icon, type IconName } from '../ui/icon'
import { When } from '../ui/time'
import { useSession, useSigning } from './session'
import { applyTheme, chosenTheme, type Theme } from './theme'

const themes: readonly [Theme, string, IconName][] = [
  ['light', 'Light', 'light'],
  ['system', 'As the system', 'system'],
  ['dark', 'Dark', 'dark'],
]

function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme)
  return (
    <fieldset className="segmented" aria-label="Theme">
      {themes.map(([value, name, icon]) => (
        <label key={value} title={name}>
          <input
            type="radio"
            name="theme"
            value={value}
            checked={theme === value}
            onChange={() => {
              applyTheme(value)
              setTheme(value)
            }}
          />
          <Icon name={icon} />
          <span className="sr">{name}</span>
        </label>
      ))}
    </fieldset>
  )
}

export function Account() {
  const session = useSession()
  const { signOut } = useSigning()
  const [fault, setFault] = useState<string>()
  return (
    <section className="account" aria-label="Your session">
      <div className="account-who">
        <strong>{session.name}</strong>
        <span className="small muted">
          ends <When at={session.expiresAt} />
        </span>
      </div>
      <div className="row-apart">
        <ThemeSwitch />
        <button
          type="button"
          className="button is-quiet"
          onClick={() => signOut().catch((error) => setFault(asProblem(error).message))}
        >
          Sign out
        </button>
      </div>
      {fault !== undefined && (
        <p className="small bad" role="alert">
          {fault}
        </p>
      )}
      <p className="small muted issuer-line" title={session.issuer}>
        {session.issuer.replace(/^https?:\/\//, '')} · {session.version}
      </p>
    </section>
  )
}
