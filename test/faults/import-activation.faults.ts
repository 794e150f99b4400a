import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { RecordedEvent } from '#libs/event-sourcing'
import { eventually } from '../../libs/testing/eventually.js'
import { expectOk } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { issueTokens, type Tokens } from './server/people.js'

const SAMPLE = join(__dirname, '../data/servicenow-incidents-sample.csv.gz')
/** Rows of the sample, and a time at which some of their incidents are resolved and not closed yet. */
const ROWS = 1_500
const UNTIL = '2016-03-09T09:00:00Z'

describe('policies beside an import', () => {
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  const file = join(folder.path, 'sample.csv')
  let tokens: Tokens
  let server: ServerProcess
  let resolved: string[]
  beforeAll(async () => {
    const rows = gunzipSync(readFileSync(SAMPLE)).toString().split('\n')
    writeFileSync(file, rows.slice(0, ROWS + 1).join('\n'))
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
    const days = { autoCloseAfterDays: 1, remindCallerAfterDays: 1, resolveSilentAfterDays: 1 }
    await expectOk(server.url, {
      token: tokens.admin,
      method: 'PUT',
      path: '/settings/incident',
      body: days,
    })
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  async function importRows(...more: string[]): Promise<void> {
    const { code, stderr } = await ledgerdesk.run(folder.path, 'import', file, '--until', UNTIL, ...more)
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
  }

  interface PolicyState {
    kind: string
    state: string
    armedTimers?: number
  }

  /** Waits until the policies have handled all that there is. @returns the number of timers that they have armed */
  async function armedTimers(): Promise<number> {
    const head = await folder.withLog((log) => log.head())
    const policies = await eventually(
      'policies follow',
      async () => {
        const { body } = await expectOk<{ items: (PolicyState & { position: string })[] }>(server.url, {
          token: tokens.admin,
          path: '/projections',
        })
        const items = body.items.filter(({ kind }) => kind === 'policy')
        return items.every(({ position }) => position >= head) && items
      },
      20_000,
    )
    return policies.reduce((sum, { armedTimers = 0 }) => sum + armedTimers, 0)
  }

  async function ofPolicies(type?: string): Promise<RecordedEvent[]> {
    const events = await folder.events()
    return events.filter(
      (event) => event.metadata.channel === 'policy' && (type === undefined || event.type === type),
    )
  }

  async function inState(state: string): Promise<string[]> {
    const head = await folder.withLog((log) => log.head())
    const filter = encodeURIComponent(`state = "${state}"`)
    const path = `/incidents?filter=${filter}&pageSize=1000&minPosition=${head}`
    const { body } = await expectOk<{ items: { number: string }[] }>(server.url, {
      token: tokens.agents[0]!,
      path,
    })
    return body.items.map(({ number }) => number).sort()
  }

  it('do nothing about what it tells', async () => {
    await importRows()
    expect(await armedTimers()).toBe(0)
    expect(await ofPolicies()).toEqual([])
    resolved = await inState('Resolved')
    expect(resolved.length).toBeGreaterThan(3)
  })

  it('look after it once it is activated: what fell due meanwhile happens now, once', async () => {
    await importRows('--activate')
    await eventually('all closed', async () => (await inState('Resolved')).length === 0, 20_000)
    await server.kill()
    server = await ledgerdesk.serve(folder.path)
    await armedTimers()
    const closed = await ofPolicies('IncidentClosed')
    expect(closed.map(({ stream }) => stream.slice('incident-'.length)).sort()).toEqual(resolved)
    // Whoever waits for a caller has reminded him.
    await eventually('reminded', async () => (await ofPolicies('CallerReminded')).length > 0, 20_000)
    const reminded = (await ofPolicies('CallerReminded')).map(({ stream }) => stream)
    expect(new Set(reminded).size).toBe(reminded.length)
  })
})
