import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { whenSessionIsOver } from '../api/client'
import { asProblem, type Problem } from '../api/problem'
import { close, open, present, type Session, takeLink } from '../api/session'

interface Signing {
  state: 'looking' | 'out' | 'in'
  session: Session | null
  problem: Problem | null
  /** Whether the session ended without anybody asking for it. */
  ended: boolean
  signIn(passport: string): Promise<void>
  signOut(): Promise<void>
}

const Context = createContext<Signing | null>(null)

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<Signing['state']>('looking')
  const [session, setSession] = useState<Session | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [ended, setEnded] = useState(false)
  const queries = useQueryClient()

  const enter = useCallback((found: Session | null) => {
    setSession(found)
    setState(found === null ? 'out' : 'in')
    if (found !== null) setEnded(false)
  }, [])

  useEffect(() => {
    const look = (link: string | undefined) => {
      const found = link === undefined ? present() : open({ link })
      found.then(enter, (error) => {
        setProblem(asProblem(error))
        setState('out')
      })
    }
    look(takeLink())
    // A link that is pasted into the tab of this very page loads nothing anew.
    const pasted = () => {
      const link = takeLink()
      if (link !== undefined) look(link)
    }
    window.addEventListener('hashchange', pasted)
    return () => window.removeEventListener('hashchange', pasted)
  }, [enter])

  useEffect(() => {
    whenSessionIsOver(() => {
      setEnded(true)
      setSession(null)
      setState('out')
      queries.clear()
    })
  }, [queries])

  // What may be done changes while somebody is signed in: a passport is revoked, a grant ends.
  useEffect(() => {
    if (state !== 'in') return
    const timer = window.setInterval(() => {
      present().then(
        (found) => {
          if (found === null) setEnded(true)
          enter(found)
        },
        () => {},
      )
    }, 60_000)
    return () => window.clearInterval(timer)
  }, [state, enter])

  const value = useMemo<Signing>(
    () => ({
      state,
      session,
      problem,
      ended,
      async signIn(passport) {
        setProblem(null)
        enter(await open({ passport }))
      },
      async signOut() {
        if (session !== null) await close(session)
        queries.clear()
        setEnded(false)
        enter(null)
      },
    }),
    [state, session, problem, ended, enter, queries],
  )
  return <Context value={value}>{children}</Context>
}

export function useSigning(): Signing {
  const value = useContext(Context)
  if (value === null) throw new Error('there is no session around this')
  return value
}

export function useSession(): Session {
  const { session } = useSigning()
  if (session === null) throw new Error('nobody is signed in here')
  return session
}

/** Whether the session's grants allow an action of the API, as `passports.issue`. */
export function useMay(): (action: string) => boolean {
  const { session } = useSigning()
  return useCallback((action) => session?.may.includes(action) ?? false, [session])
}
