import { createHash, randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jsonCodec, LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import { checkLog } from '#libs/event-store/sqlite'
import { projectionRegistry } from '#projections/registry'
import { eventually } from '../../libs/testing/eventually.js'
import { eventUpcasters } from '../../src/event-catalog.js'
import { notificationPolicies } from '../../src/notifications/domain/notification.policies.js'
import { policyRegistry } from '../../src/policies.js'
import { dataPaths, openEventStore } from '../../src/runtime/stores.js'
import { ask, expectOk } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { GROUP, issueTokens, registerGroup, type Tokens } from './server/people.js'
import { brokenPromises } from './server/promises.js'
import {
  contentsOf,
  differences,
  foreignCheckpoints,
  rebuiltContents,
  untilAllLevel,
} from './server/read-models.js'
import { Workload } from './server/workload.js'

const WRITES = 1_000
/** Nobody is told of anything here, so that the policies which do that are not run. */
const BUILDS = projectionRegistry.length + policyRegistry.length - notificationPolicies.length

interface ProjectionState {
  name: string
  state: string
  code?: string
  message?: string
  armedTimers?: number
}

/**
 * A backup is taken from a running server; 1,000 writes follow, the backup is restored under the read models and the
 * page-token key of that lost history, and 1,000 other writes follow.
 */
describe('a backup taken under load and restored into the old folder', () => {
  const ledgerdesk = new Ledgerdesk({ LEDGERDESK_PROJECTION_WAIT_MS: '30000' })
  const folder = new DataFolder()
  const restored = new DataFolder()
  const backup = mkdtempSync(join(tmpdir(), 'ledgerdesk-backup-'))
  let tokens: Tokens
  let server: ServerProcess
  let workload: Workload
  let held: string
  /** Of the history that is lost. */
  const lost = { key: randomUUID(), pageToken: '', apiToken: '', position: '' }
  const kept = { pageToken: '', attachment: '' }

  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    workload = new Workload(tokens.agents, Math.random)
    server = await ledgerdesk.serve(folder.path)
    await registerGroup(server, tokens)
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    for (const { path } of [folder, restored, { path: backup }])
      rmSync(path, { recursive: true, force: true })
  })

  const agent = () => ({ token: tokens.agents[0]! })

  async function states(): Promise<ProjectionState[]> {
    const { body } = await expectOk<{ items: ProjectionState[] }>(server.url, {
      token: tokens.admin,
      path: '/projections',
    })
    return body.items
  }

  /** Opens so many incidents by a bulk request. */
  async function open(title: string, count: number, key = randomUUID()) {
    const items = Array.from({ length: count }, (_, n) => ({
      verb: 'open',
      body: { title: `${title} ${n}`, assignmentGroup: GROUP },
    }))
    const { body } = await expectOk<{ results: { status: number; id: string; position: string }[] }>(
      server.url,
      { ...agent(), path: '/incidents/bulk', body: { items }, key },
    )
    expect(body.results.map(({ status }) => status)).toEqual(items.map(() => 201))
    return body.results
  }

  /** Holds an incident of its own for an hour, which arms a timer. */
  async function hold(): Promise<string> {
    const { id } = (await open('To wait', 1))[0]!
    const until = new Date(Date.now() + 3_600_000).toISOString()
    const path = `/incidents/${id}`
    await expectOk(server.url, { ...agent(), path: `${path}/accept`, body: {} })
    await expectOk(server.url, {
      ...agent(),
      path: `${path}/hold`,
      body: { holdReason: 'awaiting-vendor', until },
    })
    return id
  }

  /** The content of an attachment is told by its hash. */
  async function attach(number: string, content: string): Promise<string> {
    const form = new FormData()
    form.set('file', new Blob([content], { type: 'text/plain' }), 'screen.txt')
    const path = `/incidents/${number}/attachments`
    const headers = { authorization: `Bearer ${agent().token}` }
    const { status } = await fetch(server.url + path, { method: 'POST', headers, body: form })
    expect(status).toBe(200)
    return `${path}/${createHash('sha256').update(content).digest('hex')}`
  }

  async function attachment(path: string): Promise<string> {
    const headers = { authorization: `Bearer ${agent().token}` }
    return (await fetch(server.url + path, { headers })).text()
  }

  async function firstPage(minPosition: string): Promise<string> {
    const path = `/incidents?pageSize=5&minPosition=${minPosition}`
    return (await expectOk(server.url, { ...agent(), path })).body.nextPageToken
  }

  const secondPage = (pageToken: string) =>
    ask(server.url, { ...agent(), path: `/incidents?pageSize=5&pageToken=${pageToken}` })

  async function events(dataDir: string): Promise<readonly RecordedEvent[]> {
    const store = await openEventStore({ dataDir }, { readOnly: true })
    const { events } = await store.readAll({ after: LOG_START, limit: 1e7 })
    await store.close()
    return events
  }

  it('holds all that was told before it began, and is sound', async () => {
    const before = await open('Before', 20)
    held = await hold()
    kept.attachment = await attach(held, 'before')
    kept.pageToken = await firstPage(before.at(-1)!.position)
    const stop = new AbortController()
    const load = workload.run(server.url, 8, stop.signal)
    await eventually('load', () => workload.known.length > 20)
    const told = workload.attempts.filter(({ answer }) => answer).map((attempt) => ({ ...attempt }))
    const outcome = await ledgerdesk.run(folder.path, 'backup', backup)
    const during = workload.attempts.length - told.length
    stop.abort()
    await load

    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('backed up') })
    // However fast it was: somebody wrote meanwhile
    expect(during).toBeGreaterThan(0)
    expect(await checkLog(join(backup, 'log.db'), jsonCodec(eventUpcasters))).toEqual([])
    expect(brokenPromises(told, await events(backup))).toEqual([])
    // What came later is not in it: the check above could fail.
    const all = workload.attempts.filter(({ answer }) => answer)
    expect(brokenPromises(all, await events(backup)).length).toBeGreaterThan(0)
    expect(brokenPromises(all, await folder.events())).toEqual([])
  })

  it('is put in place of the log when 1,000 writes have followed it', async () => {
    const results = await open('Lost', WRITES, lost.key)
    lost.position = results.at(-1)!.position
    await attach(await hold(), 'lost')
    lost.pageToken = await firstPage(lost.position)
    expect((await secondPage(lost.pageToken)).status).toBe(200)
    const path = '/people/agent-1/issue-token'
    lost.apiToken = (
      await expectOk(server.url, { token: tokens.admin, path, body: { label: 'lost' } })
    ).body.token
    expect((await ask(server.url, { token: lost.apiToken, path: '/queues' })).status).toBe(200)
    // What has seen nothing of the lost history would rightly go on
    await folder.withLog((log) => folder.withReadModels((readModels) => untilAllLevel(log, readModels)))
    expect(await server.stop()).toBe(0)

    const { log, blobs } = dataPaths({ dataDir: folder.path })
    for (const path of [log, `${log}-wal`, `${log}-shm`, blobs])
      rmSync(path, { recursive: true, force: true })
    cpSync(backup, folder.path, { recursive: true })
    server = await ledgerdesk.serve(folder.path)
  })

  it('stops every read model and policy of the lost history, before and after other writes', async () => {
    const foreign = async () => (await states()).filter(({ code }) => code === 'CHECKPOINT.FOREIGN')
    await eventually('all have stopped', async () => (await foreign()).length === BUILDS)
    // At least as long as the lost history, so that its positions stand for other events now.
    for (let last = ''; last < lost.position; ) last = (await open('Other', WRITES)).at(-1)!.position
    expect(await foreign()).toHaveLength(BUILDS)
    const answer = await ask(server.url, { ...agent(), path: '/queues' })
    expect(answer).toMatchObject({ status: 503, body: { code: 'CHECKPOINT.FOREIGN' } })
    await folder.withLog((log) =>
      folder.withReadModels(async (readModels) => {
        expect(await foreignCheckpoints(readModels, log)).toHaveLength(BUILDS)
        // Read on from there, the two histories would have been mixed.
        const mixed = differences(await contentsOf(readModels), await rebuiltContents(log))
        expect(mixed.length).toBeGreaterThan(WRITES)
      }),
    )
  })

  it('knows no page token, API token or idempotency key of the lost history', async () => {
    expect(await secondPage(lost.pageToken)).toMatchObject({
      status: 400,
      body: { code: 'PAGE_TOKEN.FOREIGN' },
    })
    expect((await ask(server.url, { token: lost.apiToken, path: '/queues' })).status).toBe(401)
    const head = await folder.withLog((log) => log.head())
    const again = await open('Lost', WRITES, lost.key)
    expect(again.every(({ position }) => position > head)).toBe(true)
    expect(await open('Lost', WRITES, lost.key)).toEqual(again)
  })

  it('is mended by the commands that the messages name, beside the running server', async () => {
    const mend = async ({ message }: ProjectionState) => {
      const command = /ledgerdesk (projections rebuild \w+)$/.exec(message!)?.[1]
      const outcome = await ledgerdesk.run(folder.path, ...command!.split(' '))
      expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('is rebuilt') })
    }
    await Promise.all((await states()).map(mend))
    await eventually(
      'all follow',
      async () => (await states()).every(({ state }) => state === 'following'),
      60_000,
    )
    expect((await secondPage(kept.pageToken)).status).toBe(200)
    // The hold of the lost history is gone, the one before it is armed again.
    const armed = (await states()).filter(({ armedTimers }) => armedTimers).map(({ name }) => name)
    expect(armed).toEqual(['incident_hold_expiry'])
    expect(await states()).toContainEqual(expect.objectContaining({ armedTimers: 1 }))
    const { body } = await expectOk(server.url, { ...agent(), path: `/incidents/${held}` })
    expect(body.state).toBe('On Hold')
    await expectSound(folder)
  })

  it('goes into an empty folder, where everything is built by itself', async () => {
    await server.stop()
    cpSync(backup, restored.path, { recursive: true })
    server = await ledgerdesk.serve(restored.path)
    await eventually(
      'all follow',
      async () => (await states()).every(({ state }) => state === 'following'),
      60_000,
    )
    await open('Afterwards', 10)
    expect(await attachment(kept.attachment)).toBe('before')
    expect(await states()).toContainEqual(expect.objectContaining({ armedTimers: 1 }))
    await expectSound(restored)
  })

  async function expectSound(place: DataFolder): Promise<void> {
    await place.withLog((log) => place.withReadModels((readModels) => untilAllLevel(log, readModels)))
    await server.stop()
    await place.withLog((log) =>
      place.withReadModels(async (readModels) => {
        expect(await foreignCheckpoints(readModels, log)).toEqual([])
        expect(differences(await contentsOf(readModels), await rebuiltContents(log)).slice(0, 5)).toEqual([])
      }),
    )
  }
})
