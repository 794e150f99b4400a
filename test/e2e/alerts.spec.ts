import { setTimeout as sleep } from 'node:timers/promises'
import { Desk, refusal, succeeded } from './desk.js'

const DISK = {
  source: 'nagios',
  key: 'db-1/disk',
  status: 'firing',
  labels: { alertname: 'DiskFull', severity: 'critical', instance: 'db-1' },
  annotations: { summary: 'The disk of db-1 is full' },
}

describe('Alerts', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const monitoring = () => desk.as('service:monitoring')
  const tell = async (body: object) => succeeded(await monitoring().post('/alerts', body))
  const read = async (id: string) => {
    const reply = await desk.as('ann').get(`/alerts/${id}`)
    return reply.status === 404 ? undefined : succeeded(reply)
  }
  const incident = async (number: string) => succeeded(await desk.as('ann').get(`/incidents/${number}`))

  /** Policies take their time. */
  async function until<Value>(what: string, ask: () => Promise<Value | undefined | false>): Promise<Value> {
    const deadline = performance.now() + 30_000
    for (;;) {
      const found = await ask()
      if (found) return found
      if (performance.now() > deadline) throw new Error(`${what}: not within half a minute`)
      await sleep(50)
    }
  }
  const bound = (id: string, episode: number): Promise<string> =>
    until(`incident ${episode} of ${id}`, async () => {
      const alert = await read(id)
      return alert?.episodes === episode && alert.incident
    })
  const inState = (number: string, state: string) =>
    until(`${number} ${state}`, async () => {
      const view = await incident(number)
      return view.state === state && view
    })

  it('open one incident, count repeats, and resolve what nobody has touched', async () => {
    const { id } = await tell(DISK)
    const number = await bound(id, 1)
    expect(await incident(number)).toMatchObject({
      title: DISK.annotations.summary,
      state: 'New',
      priority: 1,
      primaryCi: 'db-1',
      contactType: 'alert',
      openedBy: 'system:alert_incident',
      alert: id,
      alertCondition: 'firing',
    })
    const { revision } = await tell(DISK)
    const repeated = await tell({ ...DISK, annotations: { summary: 'The disk of db-1 is fuller' } })
    expect(repeated.revision).toBe(revision + 1)
    expect(
      await until('two counted', async () => ((await read(id)).count === 2 ? read(id) : false)),
    ).toMatchObject({
      count: 2,
      firings: 1,
      condition: 'firing',
      incident: number,
    })
    await tell({ ...DISK, status: 'resolved' })
    expect(await inState(number, 'Resolved')).toMatchObject({
      resolution: { code: 'self-recovered' },
      alertCondition: 'cleared',
    })
    await tell({ ...DISK, startsAt: new Date().toISOString() })
    expect(await inState(number, 'In Progress')).toMatchObject({ reopenCount: 1, alertCondition: 'firing' })
    expect(
      await until('refired', async () => ((await read(id)).firings === 2 ? read(id) : false)),
    ).toMatchObject({
      incident: number,
      episodes: 1,
    })
  })

  it('leave a note and a flag where somebody works, and a new incident after it was closed', async () => {
    const alert = { ...DISK, key: 'db-2/disk', labels: { severity: 'warning' } }
    const { id } = await tell(alert)
    const first = await bound(id, 1)
    await desk.done('ann', first, 'assign', { group: 'Service Desk' })
    await desk.done('ann', first, 'start')
    await tell({ ...alert, status: 'resolved' })
    const flagged = await until('flagged', async () => {
      const view = await incident(first)
      return view.alertCondition === 'cleared' && view.workNotes === 1 && view
    })
    expect(flagged.state).toBe('In Progress')
    await until('flagged in the queue', async () => {
      const { items } = succeeded(await desk.as('ann').get('/queues/Service%20Desk'))
      const entry = items.find((one: { number: string; alertCondition: string }) => one.number === first)
      return entry?.alertCondition === 'cleared'
    })
    await desk.done('ann', first, 'resolve', { code: 'fixed', notes: 'Emptied' })
    await desk.done('ann', first, 'close')
    await tell({ ...alert, startsAt: new Date().toISOString() })
    const second = await bound(id, 2)
    expect(second).not.toBe(first)
    const linked = await until('linked', async () => {
      const view = await incident(second)
      return view.links && view
    })
    expect(linked.links).toEqual([{ relation: 'related-to', targetType: 'incident', target: first }])
  })

  it('of Alertmanager are taken as they come, grouped', async () => {
    const body = {
      version: '4',
      groupKey: '{}:{alertname="Slow"}',
      truncatedAlerts: 7,
      status: 'firing',
      receiver: 'ledgerdesk',
      externalURL: 'http://alertmanager:9093',
      somethingNew: { of: 'a later version' },
      groupLabels: { alertname: 'Slow' },
      commonLabels: { alertname: 'Slow', severity: 'warning' },
      commonAnnotations: {},
      alerts: Array.from({ length: 300 }, (_, index) => ({
        status: 'firing',
        labels: { alertname: 'Slow', severity: 'warning', instance: `web-${index}` },
        annotations: {},
        startsAt: '2026-01-05T08:00:00.123456789Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'http://prometheus:9090',
        fingerprint: `${index}`.padStart(16, '0'),
      })),
    }
    const first = succeeded(await monitoring().post('/alerts/alertmanager', body))
    expect(first).toMatchObject({ alerts: 1, recorded: 1 })
    expect(succeeded(await monitoring().post('/alerts/alertmanager', body))).toMatchObject({ recorded: 0 })
    const { items } = succeeded(
      await desk
        .as('audrey')
        .get('/alerts', { filter: 'source = "alertmanager"', minPosition: first.position }),
    )
    expect(items).toMatchObject([
      { key: body.groupKey, count: 1, firing: 300, truncated: 7, labels: body.commonLabels },
    ])
  })

  it('of a storm fit into one notification of Alertmanager, which would not send it again', async () => {
    const alerts = Array.from({ length: 10_000 }, (_, index) => ({
      status: 'firing',
      labels: { alertname: 'Storm', severity: 'critical', instance: `node-${index}`, job: 'x'.repeat(100) },
      annotations: { summary: 'y'.repeat(200) },
      startsAt: '2026-01-05T08:00:00Z',
      fingerprint: `${index}`.padStart(16, '0'),
    }))
    const body = { version: '4', groupKey: 'storm', status: 'firing', alerts }
    expect(JSON.stringify(body).length).toBeGreaterThan(4_500_000)
    expect(succeeded(await monitoring().post('/alerts/alertmanager', body))).toMatchObject({ recorded: 1 })
  })

  it('by fingerprint are one each, when the mapping says so', async () => {
    const mapping = succeeded(await desk.as('adam').get('/settings/alert-mapping')).content
    succeeded(await desk.as('adam').put('/settings/alert-mapping', { ...mapping, key: 'fingerprint' }))
    const alerts = ['a', 'b', 'a'].map((fingerprint) => ({ status: 'firing', labels: {}, fingerprint }))
    const body = { version: '4', groupKey: 'g', status: 'firing', alerts }
    const received = async () =>
      succeeded(await monitoring().post('/alerts/alertmanager', body, { query: { source: 'second' } }))
    expect(await received()).toMatchObject({ alerts: 2, recorded: 2 })
    expect(await received()).toMatchObject({ alerts: 2, recorded: 0 })
  })

  it('of a wrong form are refused, with every field', async () => {
    const asking = { offContract: true }
    const wrong = { version: '3', groupKey: '', status: 'firing', alerts: [{ status: 'burning' }] }
    const reply = await monitoring().post('/alerts/alertmanager', wrong, asking)
    expect(refusal(reply)).toBe('400 REQUEST.INVALID')
    expect(reply.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/alerts/0/labels',
      '/alerts/0/status',
      '/groupKey',
      '/version',
    ])
    expect((await monitoring().post('/alerts', { ...DISK, colour: 'red' }, asking)).status).toBe(400)
    const large = { ...DISK, annotations: { summary: 'x'.repeat(2_000_000) } }
    expect((await monitoring().post('/alerts', large, asking)).status).toBe(413)
  })

  it('are mapped by rules that can be followed', async () => {
    const put = async (rule: object) =>
      desk.as('adam').put('/settings/alert-mapping', {
        key: 'group',
        retryWindowSeconds: 60,
        rules: [{ name: 'r', when: [], ...rule }],
      })
    expect(refusal(await put({ group: 'Nobodies' }))).toBe('400 SETTINGS.GROUP_UNKNOWN')
    const reply = await put({ impact: 4, when: [{ label: 'a', matches: '(a+)+' }, { label: 'b' }] })
    expect(reply.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/rules/0/when/0/matches',
      '/rules/0/when/1',
      '/rules/0/impact',
    ])
    succeeded(await put({ group: 'Network', when: [{ label: 'team', matches: 'net.*' }] }))
    const { id } = await tell({ ...DISK, key: 'routed', labels: { team: 'network' } })
    expect(await incident(await bound(id, 1))).toMatchObject({ assignmentGroup: 'Network', title: 'routed' })
  })
})
