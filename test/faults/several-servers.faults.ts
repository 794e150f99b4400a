import { randomUUID } from 'node:crypto'
import { eventually } from '../../libs/testing/eventually.js'
import { ask, expectOk } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { GROUP, issueTokens, registerGroup, type Tokens } from './server/people.js'

const RECORDS = 60

describe('two servers on one folder', () => {
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  let tokens: Tokens
  let servers: readonly [ServerProcess, ServerProcess]
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    servers = await Promise.all([ledgerdesk.serve(folder.path), ledgerdesk.serve(folder.path)])
    await registerGroup(servers[0], tokens)
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  const server = (n: number) => servers[n % 2]!.url
  const token = (n: number) => tokens.agents[n % tokens.agents.length]!
  const each = <Result>(work: (n: number) => Promise<Result>) =>
    Promise.all(Array.from({ length: RECORDS }, (_, n) => work(n)))

  it('give numbers without a gap and never the same', async () => {
    const body = { title: 'Printer', assignmentGroup: GROUP }
    const answers = await each((n) =>
      expectOk(server(n), { token: token(n), path: '/incidents', body, key: randomUUID() }),
    )
    const numbers = answers.map((answer) => answer.body.id).sort()
    const expected = Array.from({ length: RECORDS }, (_, n) => `INC${String(n + 1).padStart(7, '0')}`)
    expect(numbers).toEqual(expected)
  })

  it('open one record for a key that comes to both', async () => {
    const request = { token: token(0), path: '/incidents', body: { title: 'Once' }, key: randomUUID() }
    const answers = await each((n) => ask(server(n), request))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]!.status).toBe(201)
    const opened = (await folder.events()).filter(({ type }) => type === 'IncidentOpened')
    expect(opened).toHaveLength(RECORDS + 1)
  })

  it('hand out each ticket of a queue once', async () => {
    const path = `/queues/${encodeURIComponent(GROUP)}/take-next`
    const taken: string[] = []
    const agents = Array.from({ length: 8 }, async (_, n) => {
      for (;;) {
        const answer = await ask(server(n), { token: token(n), path, body: {} })
        if (answer.body.code === 'QUEUE.EMPTY') return
        if (answer.status === 200) taken.push(answer.body.id as string)
        else expect(answer.body.code).toBe('QUEUE.CONTESTED')
      }
    })
    await Promise.all(agents)
    expect(taken).toHaveLength(RECORDS)
    expect(new Set(taken).size).toBe(RECORDS)
  })

  it('read what was written at the other', async () => {
    for (let n = 0; n < 20; n++) {
      const title = `Written at ${n % 2}`
      const { position, body } = await expectOk(server(n), {
        token: token(0),
        path: '/incidents',
        body: { title },
      })
      const filter = encodeURIComponent(`number = "${body.id}"`)
      const path = `/incidents?filter=${filter}&minPosition=${position}`
      const { body: page } = await expectOk(server(n + 1), { token: token(1), path })
      expect(page.items).toEqual([expect.objectContaining({ number: body.id, title })])
    }
  })

  it('notice each other’s rights and settings', async () => {
    const path = '/people/agent-1/revoke-role'
    const open = (url: string) =>
      ask(url, { token: token(0), path: '/incidents', body: { title: 'x', assignmentGroup: GROUP } })
    expect((await open(server(1))).status).toBe(201)
    await expectOk(server(0), { token: tokens.admin, path, body: { role: 'agent' } })
    await eventually('the other hears of it', async () => (await open(server(1))).status === 403)
  })

  it('go on when the one that feeds the read models is killed', async () => {
    const builds = await folder.withReadModels((readModels) => readModels.builds())
    const pid = Number(/\/(\d+)\./.exec(builds.find(({ lease }) => lease)!.lease!.owner)![1])
    const feeder = servers.find((candidate) => candidate.pid === pid)!
    const heir = servers.find((candidate) => candidate.pid !== pid)!
    await feeder.kill()
    const left = await folder.withReadModels((readModels) => readModels.builds())
    const { position } = await expectOk(heir.url, {
      token: token(1),
      path: '/incidents',
      body: { title: 'x' },
    })
    const path = `/incidents?minPosition=${position}`
    expect((await ask(heir.url, { token: token(1), path })).status).toBe(200)
    // The leases of the dead are not waited for
    const ends = left.flatMap(({ lease }) => (lease ? [Date.parse(lease.expiresAt)] : []))
    expect(Date.now()).toBeLessThan(Math.max(...ends))
  })
})
