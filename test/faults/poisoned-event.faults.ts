import { eventually } from '../../libs/testing/eventually.js'
import { ask, expectOk } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { appendByHand } from './server/foreign-hand.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { issueTokens, type Tokens } from './server/people.js'

/** A link without a link: the fold of the details falls over it, and whoever asks what an incident's problem is. */
const POISON = { type: 'LinkAdded', data: {} }

/** A view or a policy that heeds links: what it would tell or do without this one may be wrong. */
const HEED_LINKS = ['incident_catch_up_with_problems', 'incident_follow_problems', 'problem_correlation']

describe('an event that a projection cannot fold', () => {
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  let tokens: Tokens
  let server: ServerProcess
  let poisoned: string
  let healthy: string
  let position: string
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
    poisoned = (await send('', { title: 'Before' })).body.id
    healthy = (await send('', { title: 'Before' })).body.id
    await appendByHand(folder, poisoned, POISON.type, POISON.data)
    const changes = { title: { from: 'Before', to: 'After' } }
    await appendByHand(folder, poisoned, 'IncidentDetailsChanged', { changes })
    position = (await send(`/${healthy}/change`, { title: 'After' })).position!
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  const send = (path: string, body: object) =>
    expectOk(server.url, { token: tokens.agents[0]!, path: `/incidents${path}`, body })

  interface Row {
    number: string
    title: string
    stale?: boolean
  }

  async function rows(): Promise<Record<string, Row>> {
    const path = `/incidents?minPosition=${position}`
    const listed = async () => {
      const answer = await ask<{ items: Row[] }>(server.url, { token: tokens.agents[0]!, path })
      return answer.status === 200 && answer
    }
    const page = await eventually('listed', listed, 30_000)
    return Object.fromEntries(page.body.items.map((row) => [row.number, row]))
  }

  interface Build {
    name: string
    state: string
    lag: number | null
    parkedKeys?: number
  }

  /** What projections say of themselves once each has handled the log, or has stopped. */
  function settled(): Promise<Build[]> {
    const settledBuilds = async () => {
      const { body } = await expectOk(server.url, { token: tokens.admin, path: '/projections' })
      const builds: Build[] = body.items
      return builds.every(({ state, lag }) => state === 'stopped' || lag === 0) && builds
    }
    return eventually('each has handled the log, or has stopped', settledBuilds, 30_000)
  }

  it('parks its key: its document is stale and stays, all others go on', async () => {
    const listed = await rows()
    expect(listed[poisoned]).toMatchObject({ title: 'Before', stale: true })
    expect(listed[healthy]).toMatchObject({ title: 'After' })
    expect(listed[healthy]).not.toHaveProperty('stale')
  })

  it('parks nothing in read models that can fold it, and stops what must not pass over it', async () => {
    const builds = await settled()
    expect(builds.filter(({ parkedKeys }) => parkedKeys)).toMatchObject([
      { name: 'incident_details', state: 'following', parkedKeys: 1 },
    ])
    const stopped = builds.filter(({ state }) => state !== 'following')
    expect(stopped.map(({ name }) => name).sort()).toEqual(HEED_LINKS)
  })

  it('is listed with its reason, and what queues behind it', async () => {
    const { code, stdout } = await ledgerdesk.run(folder.path, 'projections', 'parked', 'incident_details')
    const parked = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(code).toBe(0)
    expect(parked).toEqual([
      expect.objectContaining({
        key: `incident-${poisoned}`,
        eventType: POISON.type,
        reason: expect.any(String),
      }),
      expect.objectContaining({ key: `incident-${poisoned}`, eventType: 'IncidentDetailsChanged' }),
    ])
    expect(parked[1].reason).toBeUndefined()
    const others = await ledgerdesk.run(folder.path, 'projections', 'parked', 'work_queue')
    expect(others.stdout).toContain('nothing is parked')
  })

  it('stays parked when it is tried again without a mended definition', async () => {
    const path = '/projections/incident_details/retry'
    const retry = () => expectOk(server.url, { token: tokens.admin, path, body: {} })
    const reason = expect.stringContaining('TypeError')
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await retry()).body).toEqual({
        replayed: 0,
        stillParked: [{ key: `incident-${poisoned}`, eventId: expect.any(String), reason }],
      })
    }
    expect((await rows())[poisoned]).toMatchObject({ title: 'Before', stale: true })
  })

  it('is parked still after a kill, and later events of its key queue', async () => {
    await server.kill()
    server = await ledgerdesk.serve(folder.path)
    const changes = { title: { from: 'After', to: 'Later' } }
    position = (await appendByHand(folder, poisoned, 'IncidentDetailsChanged', { changes })).position
    expect((await rows())[poisoned]).toMatchObject({ title: 'Before', stale: true })
    const { stdout } = await ledgerdesk.run(folder.path, 'projections', 'parked', 'incident_details')
    expect(stdout.trim().split('\n')).toHaveLength(3)
    // The server has the lease: the command line leaves it a note
    const retried = await ledgerdesk.run(folder.path, 'projections', 'retry', 'incident_details')
    expect(retried).toEqual({
      code: 1,
      stdout: `0 events folded; still parked: incident-${poisoned}\n`,
      stderr: '',
    })
  })

  it('stops a view, whose other documents may depend on it, and says so', async () => {
    await appendByHand(folder, poisoned, 'IncidentDetailsChanged', {})
    const { position: later } = await send(`/${healthy}/change`, { title: 'Later' })
    const path = `/queues?minPosition=${later}`
    await eventually(
      'the queue goes on',
      async () => (await ask(server.url, { token: tokens.auditor, path })).status === 200,
      30_000,
    )
    const stopped = (await settled()).filter(({ state }) => state === 'stopped')
    expect(stopped.find(({ name }) => name === 'queue_history')).toMatchObject({
      code: 'PROJECTION.POISONED',
      message: expect.stringContaining('IncidentDetailsChanged'),
    })
  })
})
