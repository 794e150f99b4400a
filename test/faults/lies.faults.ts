import { randomUUID } from 'node:crypto'
import { projectionRegistry } from '#projections/registry'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { LyingProxy } from './server/lying-proxy.js'
import { issueTokens, type Tokens } from './server/people.js'
import { brokenPromises, brokenRepeats } from './server/promises.js'
import { differences, rebuiltContents } from './server/read-models.js'
import { type Attempt, Workload } from './server/workload.js'

/** That the checks of the killed server can fail: each of them sees a server that does what it must not. */
describe('the checks of a killed server', () => {
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  let tokens: Tokens
  let server: ServerProcess
  let proxy: LyingProxy
  let workload: Workload
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
    proxy = await LyingProxy.before(server.url)
  })
  beforeEach(() => {
    workload = new Workload(tokens.agents, Math.random)
    proxy.lie = {}
  })
  afterAll(async () => {
    await proxy.close()
    await ledgerdesk.dispose()
    folder.dispose()
  })

  async function send(path: string, more: object): Promise<Attempt> {
    const id = randomUUID()
    const attempt = { id, token: tokens.agents[0]!, path, body: { ...more, reason: id }, keyed: true }
    workload.attempts.push(attempt)
    expect(await workload.send(proxy.url, attempt)).toBe(true)
    return attempt
  }

  /** Opens an incident and comments on it. */
  async function comments(count: number): Promise<void> {
    const { answer } = await send('/incidents', { title: 'Printer' })
    for (let n = 0; n < count; n++) await send(`/incidents/${answer!.body.id}/comments`, { text: `${n}` })
  }

  it('find nothing when early answers come true', async () => {
    proxy.lie = { acknowledgeEarly: 0 }
    await comments(5)
    await proxy.settled()
    expect(brokenPromises(workload.attempts, await folder.events())).toEqual([])
  })

  it('find what was done twice under one key', async () => {
    proxy.lie = { dropKeys: true }
    await comments(1)
    const [differently] = await brokenRepeats(proxy.url, workload.attempts)
    expect(differently).toContain('answered anew: /incidents')
    expect(brokenPromises(workload.attempts, await folder.events())).toEqual([
      expect.stringContaining('done 2 times'),
      expect.stringContaining('done 2 times'),
    ])
  })

  it('find a read model that missed an event', async () => {
    await comments(2)
    const missed = workload.attempts.at(-1)!.answer!.body.position
    const forgetful = projectionRegistry.map((definition) =>
      definition.name === 'incident_details' && definition.kind === 'projection'
        ? {
            ...definition,
            evolve: (before: never, event: never) =>
              (event as { position: string }).position === missed ? before : definition.evolve(before, event),
          }
        : definition,
    )
    await folder.withLog(async (log) => {
      const right = await rebuiltContents(log)
      const wrong = await rebuiltContents(log, forgetful)
      expect(differences(right, await rebuiltContents(log))).toEqual([])
      expect(differences(wrong, right)).toEqual([
        expect.stringContaining('incident_details/incident_details/incident-INC'),
      ])
    })
  })

  it('find what was acknowledged before it was durable', async () => {
    // Longer than until the kill on any machine
    proxy.lie = { acknowledgeEarly: 10_000 }
    await comments(5)
    await server.kill()
    const all = brokenPromises(workload.attempts, await folder.events())
    const wrong = all.filter((what) => what.startsWith('lost'))
    expect(wrong).toHaveLength(5)
    expect(wrong[0]).toMatch(/^lost: INC\d+ revision 2 /)
  })
})
