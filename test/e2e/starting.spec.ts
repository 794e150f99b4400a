import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const MAIN = resolve(__dirname, '../../dist/src/main.js')
const CLI = resolve(__dirname, '../../dist/src/cli.js')
/** Nothing listens there. */
const NOWHERE = {
  LEDGERDESK_EVENTSTORE_URL: 'esdb://127.0.0.1:9?tls=false',
  LEDGERDESK_MONGODB_URL: 'mongodb://127.0.0.1:9/',
}

describe('A server that cannot start', () => {
  let dataDir: string
  beforeEach(() => {
    dataDir = join(mkdtempSync(join(tmpdir(), 'ledgerdesk-starting-')), 'data')
  })
  afterEach(() => rmSync(join(dataDir, '..'), { recursive: true, force: true }))

  /** Runs until the end. @param onText told of all output so far */
  function run(
    command: string[],
    settings: Record<string, string>,
    onText: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
  ): Promise<{ code: number | null; text: string }> {
    const env = { PATH: process.env.PATH, LEDGERDESK_PORT: '0', LEDGERDESK_DATA_DIR: dataDir, ...settings }
    const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => {
        text += more
        onText(text, (signal) => child.kill(signal))
      })
    const late = setTimeout(() => child.kill('SIGKILL'), 50_000)
    return new Promise((done) =>
      child.once('close', (code) => {
        clearTimeout(late)
        done({ code, text })
      }),
    )
  }

  it.each([
    ['the server', [MAIN]],
    ['the command line', [CLI, 'serve']],
  ])('for want of a certificate ends before it opens anything: %s', async (_, command) => {
    const { code, text } = await run(command, {
      LEDGERDESK_KAFKA_BROKERS: '127.0.0.1:9',
      LEDGERDESK_KAFKA_TLS: 'true',
      LEDGERDESK_KAFKA_CA_FILE: '/nowhere/ca.crt',
    })
    expect([code, text]).toEqual([78, expect.stringContaining("/nowhere/ca.crt: can't be read")])
    expect(existsSync(join(dataDir, 'log.db'))).toBe(false)
  })

  it('when something fails on the way closes what it has opened, and ends', async () => {
    mkdirSync(join(dataDir, 'page-token.key'), { recursive: true })
    const { code, text } = await run([CLI, 'serve'], {})
    expect([code, text]).toEqual([1, expect.stringContaining('EISDIR')])
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)(
    'as its stores are away ends at once on %s, by a handler: a container has no other',
    async (signal, code) => {
      const ended = await run([MAIN], NOWHERE, (text, kill) => {
        if (text.includes('a store is away')) kill(signal)
      })
      expect(ended).toEqual({ code, text: expect.stringContaining('a store is away') })
    },
  )
})
