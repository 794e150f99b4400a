import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../libs/testing/eventually.js'
import { ask } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { issueTokens, registerGroup, type Tokens } from './server/people.js'
import { brokenPromises } from './server/promises.js'
import { Workload } from './server/workload.js'

const CLIENTS = 16

describe('a server that is asked to stop under load', () => {
  const ledgerdesk = new Ledgerdesk({ LEDGERDESK_PROJECTION_WAIT_MS: '30000' })
  const folder = new DataFolder()
  let tokens: Tokens
  let workload: Workload
  let server: ServerProcess
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    workload = new Workload(tokens.agents, Math.random)
    server = await ledgerdesk.serve(folder.path)
    await registerGroup(server, tokens)
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  /** Load until the server is gone. @returns its exit code, and the requests that it took and did not answer */
  async function endUnderLoad(end: () => Promise<unknown>) {
    const stop = new AbortController()
    const load = workload.run(server.url, CLIENTS, stop.signal)
    await eventually('load', () => workload.known.length > 30)
    await sleep(100)
    const code = await end()
    stop.abort()
    await load
    const events = await folder.events()
    const reasons = new Set(events.map(({ metadata }) => metadata.reason))
    const unanswered = workload.attempts.filter(
      ({ answer, id, items }) => !answer && [id, ...(items ?? [])].some((reason) => reasons.has(reason)),
    )
    return { code, events, unanswered }
  }

  it('answers all that it took, and ends with 0', async () => {
    const { code, events, unanswered } = await endUnderLoad(() => server.stop())
    expect({ code, unanswered }).toEqual({ code: 0, unanswered: [] })
    expect(brokenPromises(workload.attempts, events)).toEqual([])
    expect(server.lines.at(-1)).toMatchObject({ msg: 'shut down', clean: true })
  })

  it('leaves no lease behind', async () => {
    const builds = await folder.withReadModels((readModels) => readModels.builds())
    expect(builds.filter(({ lease }) => lease)).toEqual([])
    server = await ledgerdesk.serve(folder.path)
    const minPosition = await folder.withLog((log) => log.head())
    const path = `/queues?minPosition=${minPosition}`
    expect((await ask(server.url, { token: tokens.auditor, path })).status).toBe(200)
  })

  it('is not what a kill does, which this would notice', async () => {
    const { code, unanswered } = await endUnderLoad(() => server.kill())
    const builds = await folder.withReadModels((readModels) => readModels.builds())
    expect(code).toBeUndefined()
    expect(unanswered.length + builds.filter(({ lease }) => lease).length).toBeGreaterThan(0)
  })
})
