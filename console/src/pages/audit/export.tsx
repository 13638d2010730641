import { useEffect, useRef, useState } from 'react'
import { saveAs } from '../../lib/save'
import { CodeBlock } from '../../ui/copy'
import { Dialog } from '../../ui/dialog'
import { Fault } from '../../ui/fault'
import { Segments } from '../../ui/segments'
import { collect, MOST } from './collect'
import { csvOf, jsonLines } from './csv'
import type { Query } from './filters'

type Format = 'jsonl' | 'csv'

const formats = [
  ['jsonl', 'JSON lines'],
  ['csv', 'CSV'],
] as const

/** What the filters find, as a file. Larger exports, with a manifest that binds them, are for the command. */
export function Export({ query, onClose }: { query: Query; onClose(): void }) {
  const stop = useRef<AbortController>(undefined)
  const [format, setFormat] = useState<Format>('jsonl')
  const [count, setCount] = useState<number>()
  const [error, setError] = useState<unknown>()
  const [done, setDone] = useState<string>()
  useEffect(() => () => stop.current?.abort(), [])

  const run = async () => {
    stop.current = new AbortController()
    setError(undefined)
    setDone(undefined)
    setCount(0)
    try {
      const { events, whole } = await collect(query, stop.current.signal, setCount)
      const name = `audit-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`
      saveAs(name, format === 'csv' ? 'text/csv' : 'application/jsonl', [
        format === 'csv' ? csvOf(events) : jsonLines(events),
      ])
      setDone(
        whole
          ? `${events.length.toLocaleString('en')} events, in ${name}.`
          : `The first ${events.length.toLocaleString('en')} events, in ${name}. There are more: take the command for all of them.`,
      )
    } catch (thrown) {
      if (!stop.current.signal.aborted) setError(thrown)
    } finally {
      setCount(undefined)
    }
  }

  const filters = Object.entries(query).flatMap(([name, value]) =>
    name === 'attributes' ? attributeFlags(value) : [` --${flag(name)} ${quoted(value)}`],
  )
  return (
    <Dialog title="Export" onClose={onClose} onSubmit={run}>
      {(close) => (
        <>
          <p>
            What the filters find, the oldest first, at most {MOST.toLocaleString('en')} events. Texts are what
            reporters sent: import CSV columns as text.
          </p>
          <Segments
            label="Format"
            name="format"
            value={format}
            options={formats}
            onChange={(chosen) => setFormat(chosen)}
          />
          {count !== undefined && (
            <div role="status" className="stack">
              <progress aria-label="Export" />
              <span className="small muted">{count.toLocaleString('en')} events so far</span>
            </div>
          )}
          {done !== undefined && <p role="status">{done}</p>}
          {error !== undefined && <Fault error={error} />}
          <details>
            <summary>The whole log, with a manifest that can be checked</summary>
            <CodeBlock
              text={`passport audit export --format parquet${filters.join('')} -o audit.parquet`}
              what="the command"
              wrap
            />
          </details>
          <div className="dialog-actions">
            <button type="button" className="button" onClick={close}>
              Close
            </button>
            <button type="submit" className="button is-first" disabled={count !== undefined}>
              Save as a file
            </button>
          </div>
        </>
      )}
    </Dialog>
  )
}

/** Attributes as the command takes them: text as it is, anything else as JSON. */
function attributeFlags(json: string): string[] {
  const attributes = JSON.parse(json) as Record<string, unknown>
  return Object.entries(attributes).map(
    ([name, value]) =>
      ` --attr ${quoted(typeof value === 'string' ? `${name}=${value}` : `${name}:=${JSON.stringify(value)}`)}`,
  )
}

function flag(name: string): string {
  return { agentId: 'agent', passportId: 'passport' }[name] ?? name
}

function quoted(value: string): string {
  return /^[\w.:/@-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
