import { Desk, refusal, succeeded } from './desk.js'

/** A record of the past is shown to whoever may see it now, and could have seen it then. */
describe('Rights in the past', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
    await desk.enrol('nora', 'agent')
    await desk.enrol('wim', 'requester')
    await desk.founded('Personnel', ['ann'])
  })
  afterAll(() => desk.close())

  /** Titles that a person finds in lists as of a position, among records of a marker. */
  async function found(
    person: string,
    asOf: string,
    minPosition: string,
    path = '/incidents',
  ): Promise<string[]> {
    const { items } = succeeded(await desk.as(person).get(path, { asOf, minPosition, pageSize: '1000' }))
    return (items as { title: string }[]).map(({ title }) => title)
  }
  const total = async (person: string, asOf: string, minPosition: string) => {
    const { items } = succeeded(await desk.as(person).get('/queues', { asOf, minPosition }))
    const queue = (items as { group: string | null; total: number }[]).find(
      ({ group }) => group === 'Network',
    )
    return queue?.total ?? 0
  }
  const positionOf = async (number: string) =>
    (await desk.done('ann', number, 'work-notes', { text: 'to have a position' })).position

  it('hides what was restricted since from the desk, in lists, queues and counts', async () => {
    const number = await desk.opened({ title: 'HR CANARY', assignmentGroup: 'Network' })
    const then = await positionOf(number)
    const before = await total('nora', then, then)
    expect(await found('nora', then, then)).toContain('HR CANARY')
    const { position } = await desk.done('ann', number, 'audience', {
      audience: { kind: 'groups', groups: ['Personnel'] },
    })
    expect(refusal(await desk.as('nora').get(`/incidents/${number}`))).toBe('404 INCIDENT.UNKNOWN')
    expect(await found('nora', then, position)).not.toContain('HR CANARY')
    expect(await found('nora', then, position, '/queues/Network')).not.toContain('HR CANARY')
    expect(await total('nora', then, position)).toBe(before - 1)
    expect(await found('ann', then, position)).toContain('HR CANARY')
  })

  it('hides from a former watcher what she saw while she was one', async () => {
    const number = await desk.opened({ title: 'WATCH CANARY' })
    await desk.done('ann', number, 'watch', { person: 'wim' })
    const then = await positionOf(number)
    expect(await found('wim', then, then)).toContain('WATCH CANARY')
    const { position } = await desk.done('ann', number, 'unwatch', { person: 'wim' })
    expect(await found('wim', then, position)).not.toContain('WATCH CANARY')
  })

  it('lets nobody merge into a record that he may not see, and no duplicate open one to its caller', async () => {
    const secret = await desk.opened({ title: 'SECRET CANARY' })
    await desk.done('ann', secret, 'audience', { audience: { kind: 'groups', groups: ['Personnel'] } })
    const own = await desk.opened({ title: 'own', caller: 'wim' })
    const merge = await desk.as('nora').post(`/incidents/${own}/merge`, { survivor: secret })
    const nowhere = await desk.as('nora').post(`/incidents/${own}/merge`, { survivor: 'INC9999999' })
    expect(refusal(merge)).toBe('400 INCIDENT.SURVIVOR_UNKNOWN')
    expect(merge.body.errors).toEqual(nowhere.body.errors)
    const { position } = await desk.done('ann', own, 'merge', { survivor: secret })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(refusal(await desk.as('wim').get(`/incidents/${secret}`))).toBe('404 INCIDENT.UNKNOWN')
    expect(await found('wim', position, position)).not.toContain('SECRET CANARY')
  })
})
