// A real issuer from an empty directory, on a free port, and whoever calls it without a browser.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { built, passport } from './places.mjs'

const run = promisify(execFile)
/** No setting of whoever runs the tests. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PASSPORT_')))

async function freePort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

export async function startIssuer() {
  built('index.html')
  if (!existsSync(passport)) throw new Error(`${passport} is missing: \`cargo build -p passport-issuer\` builds it`)
  const folder = mkdtempSync(join(tmpdir(), 'passport-browser-'))
  const data = join(folder, 'data')
  const listen = `127.0.0.1:${await freePort()}`
  const child = spawn(passport, ['serve', '--dev', '--listen', listen, '--data', data], { cwd: folder, env: environment, stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (text) => {
    log += text
  })
  const url = `http://${listen}`
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const deadline = Date.now() + 30_000
  for (;;) {
    if (await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false)) break
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(`the issuer is not ready: ${log}`)
    }
    await wait(50)
  }
  const admin = readFileSync(join(data, 'admin.passport'), 'utf8').trim()
  const file = join(folder, 'caller.passport')

  /** `passport ARGUMENTS`, as the admin or by another passport; gives what it prints. */
  const command = async (args, token = admin) => {
    writeFileSync(file, token, { mode: 0o600 })
    const { stdout } = await run(passport, args, { cwd: folder, env: { ...environment, PASSPORT_URL: url, PASSPORT_FILE: file } })
    return stdout.trim()
  }
  /** A call of the API; gives status and body. */
  const call = async (method, path, body, token = admin) => {
    const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  /** The same, where anything but success is a fault of the test. */
  const must = async (method, path, body, token) => {
    const answer = await call(method, path, body, token)
    assert.ok(answer.status >= 200 && answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  return {
    url,
    admin,
    stop,
    command,
    call,
    must,
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    /** The one-time link, as `passport console` prints it. */
    async link() {
      const printed = await command(['console'])
      const link = printed.match(/http\S+#link=\S+/)?.[0]
      assert.ok(link, `no link in what \`passport console\` prints: ${printed}`)
      return link
    },
    async agent(agentId, name = agentId) {
      return must('POST', '/v1/agents', { agentId, name })
    },
    /** A fresh passport for an agent that is there. */
    async issue(agentId, audience, grants, expiresIn = 3_600) {
      return must('POST', '/v1/passports', { agentId, audience: [audience], grants, expiresIn })
    },
    /** A service without a verifier of its own: it asks the issuer for each decision, and reports it to the audit log. */
    async service(reporter, audience) {
      await must('POST', '/v1/agents', { agentId: reporter, name: `${reporter}, a service` })
      const grants = [
        { resource: 'issuer/verify', allowedActions: ['verify'] },
        { resource: 'issuer/audit', allowedActions: ['audit.write'] },
      ]
      const { passport: own } = await must('POST', '/v1/passports', { agentId: reporter, audience: [url], grants, expiresIn: 3_600 })
      let seq = 0
      return async (token, request) => {
        const decision = await must('POST', '/v1/verify', { passport: token, audience, request }, own)
        seq += 1
        await must('POST', '/v1/audit/events', { reporter, events: [{ ...decision, seq }] }, own)
        return decision
      }
    },
  }
}
