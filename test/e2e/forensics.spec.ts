import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '#libs/testing'
import { Desk, refusal, succeeded } from './desk.js'

/** Lets the clock go on, so that what comes next is later. */
const aMoment = async () => {
  await sleep(20)
  return new Date().toISOString()
}

describe('Forensics', () => {
  let desk: Desk
  let head: string
  let db: string
  let shop: string
  let change: string
  let first: string
  let after: string
  let unchangedAt: string

  const chris = () => desk.as('chris')
  const did = async (path: string, body: object) => {
    const receipt = succeeded(await chris().post(path, body))
    head = receipt.position
    return receipt
  }
  const opened = async (body: object) => {
    const number = await desk.opened({ title: 'The shop is slow', ...body })
    head = succeeded(await desk.as('ann').get(`/incidents/${number}`)).position
    return number
  }
  const suspects = async (number: string, query: Record<string, string> = {}, person = 'ann') =>
    succeeded(
      await desk.as(person).get(`/incidents/${number}/suspect-changes`, { minPosition: head, ...query }),
    )

  beforeAll(async () => {
    desk = await Desk.open()
    db = (await did('/configuration-items', { class: 'server', name: 'orders-db', attributes: {} })).id
    shop = (await did('/configuration-items', { class: 'web-application', name: 'shop', attributes: {} })).id
    await did('/configuration/relations', { type: 'runs-on', source: { ci: shop }, target: { ci: db } })
    first = await opened({ primaryCi: shop })
    unchangedAt = await aMoment()
    // An emergency that was done before anybody approved it, on what the shop runs on
    const plan = {
      type: 'emergency',
      title: 'Another disk',
      implementation: 'Put it in.',
      backout: 'Take it out.',
      affectedCis: [db],
      group: 'Network',
      window: { start: unchangedAt, end: new Date(Date.now() + 3_600_000).toISOString() },
    }
    change = succeeded(await desk.as('ann').post('/changes', plan)).id
    succeeded(
      await desk.as('ben').post(`/changes/${change}/record-implemented`, {
        startedAt: await aMoment(),
        reason: 'The disk was full',
      }),
    )
    await did(`/configuration-items/${db}/change`, { attributes: { osVersion: '12' } })
    await aMoment()
    after = await opened({ primaryCi: shop })
    await aMoment()
    await did(`/configuration-items/${db}/correct`, {
      attributes: { cpu: 'as it was' },
      validFrom: unchangedAt,
      reason: 'Read off the machine',
    })
  })
  afterAll(() => desk.close())

  it('tells an agent what was changed upstream before an incident, and why it is suspected', async () => {
    const answer = await suspects(after)
    expect(answer).toMatchObject({
      cis: [shop],
      itemsInScope: 2,
      onset: { basis: 'openedAt' },
      truncated: false,
    })
    const emergency = answer.items.find((item: { change?: string }) => item.change === change)
    expect(emergency).toMatchObject({ title: 'Another disk', distance: 1, verdict: 'not-approved' })
    expect(emergency.reasons.map(({ text }: { text: string }) => text)).toEqual([
      '1 step upstream: runs-on orders-db',
      'At the time of the incident',
      'Not ended by then',
      'Nobody had approved the change',
    ])
    const changed = answer.items.filter(({ modifications }: { modifications: { type: string }[] }) =>
      modifications.some(({ type }) => type === 'CiChanged'),
    )
    expect(changed).toMatchObject([{ kind: 'modification', verdict: 'no-change', distance: 1 }])
  })

  it('shows nothing that was written down later, save to whoever asks with hindsight', async () => {
    const types = async (query: Record<string, string> = {}) =>
      (await suspects(after, query)).items.flatMap(
        ({ modifications }: { modifications: { type: string }[] }) => modifications.map(({ type }) => type),
      )
    expect(await types()).not.toContain('CiCorrected')
    expect(await types({ asOf: head })).toContain('CiCorrected')
    const earlier = (await suspects(first)).items.map(({ change }: { change?: string }) => change)
    expect(earlier).not.toContain(change)
  })

  it('counts the incidents after a change against those before it', async () => {
    const impact = succeeded(
      await desk.as('chris').get(`/changes/${change}/incident-impact`, { minPosition: head, hours: '24' }),
    )
    expect(impact).toMatchObject({
      number: change,
      cis: [db],
      itemsInScope: 2,
      observed: { count: 1 },
      baseline: { count: 1 },
      verdict: 'too little to tell',
      items: [{ number: after, ci: shop, level: 1 }],
    })
    expect(impact.statistic.test).toContain('conditional binomial')
  })

  it('tells analysts what recurs', async () => {
    const trends = await eventually('both incidents', async () => {
      const found = succeeded(await desk.as('ana').get('/incident-trends', { by: 'ci', minPosition: head }))
      return found.incidents === 2 ? found : undefined
    })
    expect(trends.items).toMatchObject([{ value: shop, incidents: 2, activeDays: expect.any(Number) }])
  })

  it('tells how often a problem came back since its fix', async () => {
    const about = { title: 'The shop is slow', affectedCis: ['shop', 'gone-7'] }
    const { id } = succeeded(await desk.as('ann').post('/problems', about))
    const act = async (verb: string, body: object = {}) => {
      head = succeeded(await desk.as('ann').post(`/problems/${id}/${verb}`, body)).position
    }
    const ask = (query: Record<string, string> = {}) =>
      desk.as('ann').get(`/problems/${id}/repeat-rate`, { minPosition: head, ...query })
    await act('assess')
    await act('analyse')
    await act('root-cause', { cause: 'A full disk.' })
    await act('fix')
    expect(refusal(await ask())).toBe('409 PROBLEM.NOT_FIXED')
    await aMoment()
    await act('resolve', { notes: 'Another disk.' })
    await aMoment()
    const again = await opened({ primaryCi: shop })
    await opened({ primaryCi: db })
    const rate = succeeded(await ask({ days: '30' }))
    expect(rate).toMatchObject({
      number: id,
      kind: { by: 'configuration items' },
      unknownCis: ['gone-7'],
      fix: { basis: 'resolution' },
      before: { count: 2 },
      after: { count: 1 },
      items: [{ number: again }],
    })
    expect(rate.statistic.test).toContain('conditional binomial')
    expect(refusal(await desk.as('rita').get(`/problems/${id}/repeat-rate`))).toBe('403 ROLE.REQUIRED')
    expect(refusal(await desk.as('ann').get('/problems/PRB9999999/repeat-rate'))).toBe('404 PROBLEM.UNKNOWN')
  })

  it('counts an item as one that some name by number and others by name, while one alone bears the name', async () => {
    const trends = async (query: Record<string, string> = {}) =>
      succeeded(await desk.as('ana').get('/incident-trends', { by: 'ci', minPosition: head, ...query }))
    const items = ({ items }: { items: { value: string; name?: string; incidents: number }[] }) =>
      items
        .filter(({ value }) => [shop, 'shop'].includes(value))
        .map(({ value, name, incidents }) => ({ value, name, incidents }))
    const before = items(await trends())[0]?.incidents as number
    await opened({ primaryCi: 'shop' })
    expect(items(await trends())).toEqual([{ value: shop, name: 'shop', incidents: before + 1 }])
    expect(items(await trends({ value: 'shop' }))).toEqual([
      { value: shop, name: 'shop', incidents: before + 1 },
    ])
    await did('/configuration-items', { class: 'middleware', name: 'shop', attributes: {} })
    expect(items(await trends())).toEqual([
      { value: shop, name: 'shop', incidents: before },
      { value: 'shop', name: undefined, incidents: 1 },
    ])
  })

  it('is for whoever may see the records, and refuses what makes no sense', async () => {
    const ask = async (person: string, path: string, query: Record<string, string> = {}) =>
      refusal(await desk.as(person).get(path, query))
    expect(await ask('rita', `/incidents/${after}/suspect-changes`)).toBe('403 ROLE.REQUIRED')
    expect(await ask('rita', `/changes/${change}/incident-impact`)).toBe('403 ROLE.REQUIRED')
    expect(await ask('ann', '/incident-trends')).toBe('403 ROLE.REQUIRED')
    const hidden = await opened({ primaryCi: shop, audience: { kind: 'groups', groups: ['Network'] } })
    expect(await ask('ana', `/incidents/${hidden}/suspect-changes`)).toBe('404 INCIDENT.UNKNOWN')
    expect(await ask('ann', '/incidents/INC9999999/suspect-changes')).toBe('404 INCIDENT.UNKNOWN')
    expect(await ask('ann', '/changes/CHG9999999/incident-impact')).toBe('404 CHANGE.UNKNOWN')
    const planned = succeeded(await desk.as('ann').post('/changes', { type: 'normal', title: 'Not yet' })).id
    expect(await ask('ann', `/changes/${planned}/incident-impact`)).toBe('409 CHANGE.NOT_IMPLEMENTED')
    const badly = { hours: '0' }
    const reply = await desk
      .as('ann')
      .get(`/incidents/${after}/suspect-changes`, badly, { offContract: true })
    expect([reply.status, reply.body.errors]).toMatchObject([400, [{ pointer: 'hours' }]])
    const backwards = { from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }
    expect(await ask('ana', '/incident-trends', backwards)).toBe('400 TRENDS.PERIOD')
  })
})
