import { type ReactNode, useEffect, useRef, useState } from 'react'
import { NavLink, useLocation } from 'react-router'
import { Icon } from '../ui/icon'
import { Account } from './account'
import { destinations } from './nav'
import { useApprovalNews, usePending } from './pending'
import { useMay } from './session'

export function Shell({ children }: { children: ReactNode }) {
  const may = useMay()
  const pending = usePending()
  useApprovalNews()
  const { pathname } = useLocation()
  const [open, setOpen] = useState(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the page changes
  useEffect(() => setOpen(false), [pathname])
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!open) return
    const byKey = ({ key }: KeyboardEvent) => {
      if (key !== 'Escape') return
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener('keydown', byKey)
    return () => document.removeEventListener('keydown', byKey)
  }, [open])
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="side">
        <div className="side-top">
          <NavLink to="/" className="brand" aria-label="Passport, to the overview">
            <Icon name="brand" />
            <span>Passport</span>
          </NavLink>
          <button
            ref={button}
            type="button"
            className="menu-button"
            aria-expanded={open}
            aria-controls="side-menu"
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? 'close' : 'menu'} />
            <span className="sr">Menu</span>
          </button>
        </div>
        <div id="side-menu" className={open ? 'side-menu is-open' : 'side-menu'}>
          <nav aria-label="Console">
            <ul>
              {destinations
                .filter(({ needs }) => needs.length === 0 || needs.some(may))
                .map(({ to, name, icon }) => (
                  <li key={to}>
                    <NavLink to={to} end={to === '/'} className="nav-link">
                      <Icon name={icon} />
                      <span>{name}</span>
                      {to === '/approvals' && pending > 0 && (
                        <span className="count">
                          {pending}
                          <span className="sr"> waiting</span>
                        </span>
                      )}
                    </NavLink>
                  </li>
                ))}
              <li className="nav-apart">
                <a className="nav-link" href="/console/inspector">
                  <Icon name="inspector" />
                  <span>Inspector</span>
                </a>
              </li>
            </ul>
          </nav>
          <Account />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  )
}
