import type { ReactNode } from 'react'
import { Empty } from '../ui/empty'
import { Page } from '../ui/page'
import { useMay } from './session'

/** A page for those whose grants allow what it shows; others are told what is missing, and nothing is asked for. */
export function Guarded({ needs, title, children }: { needs: string; title: string; children: ReactNode }) {
  const may = useMay()
  if (may(needs)) return children
  return (
    <Page title={title}>
      <Empty title="Your passport does not allow this">
        This page takes <code>{needs}</code>. Ask an admin for a passport that has it, or sign in with another one.
      </Empty>
    </Page>
  )
}
