import type { Reply } from './client.js'
import { Desk, refusal, succeeded } from './desk.js'

describe('The same Idempotency-Key', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const fifty = <Value>(make: () => Promise<Value>): Promise<Value[]> =>
    Promise.all(Array.from({ length: 50 }, make))
  /** How many incidents there are of a category, all that was answered before included. */
  const countOf = async (category: string): Promise<number> => {
    const { position } = succeeded(await desk.as('ann').post('/incidents', { title: 'Last of all' }))
    const query = { filter: `category = "${category}"`, pageSize: 1_000, minPosition: position }
    return succeeded(await desk.as('ann').get('/incidents', query)).items.length
  }
  const told = ({ body, headers }: Reply): string =>
    JSON.stringify([body, headers.get('etag'), headers.get('location'), headers.get('itsm-position')])

  it('on 50 requests at once opens one incident, and gives 50 equal answers; so do 50 more after a restart', async () => {
    const open = () => desk.as('ann').post('/incidents', { title: 'One', category: 'one' }, { key: 'fifty' })
    const before = await fifty(open)
    expect(new Set(before.map(({ status }) => status))).toEqual(new Set([201]))
    const [answer, ...others] = new Set(before.map(told))
    expect(others).toEqual([])

    expect(await desk.stop()).toBe(0)
    await desk.start()
    expect([...new Set((await fifty(open)).map(told))]).toEqual([answer])
    expect(await countOf('one')).toBe(1)
  })

  it('is needed for that: without one, or with another, 50 requests open 50 incidents', async () => {
    let next = 0
    await fifty(() => desk.as('ann').post('/incidents', { title: 'Many', category: 'without' }))
    await fifty(() =>
      desk.as('ann').post('/incidents', { title: 'Many', category: 'another' }, { key: `another-${next++}` }),
    )
    expect(await countOf('without')).toBe(50)
    expect(await countOf('another')).toBe(50)
  })

  it('with another request is refused', async () => {
    succeeded(await desk.as('ann').post('/incidents', { title: 'Printer' }, { key: 'reused' }))
    expect(refusal(await desk.as('ann').post('/incidents', { title: 'Plotter' }, { key: 'reused' }))).toMatch(
      /^422 /,
    )
    const number = await desk.opened()
    succeeded(await desk.as('ann').post(`/incidents/${number}/comments`, { text: 'a' }, { key: 'k' }))
    expect(
      refusal(await desk.as('ann').post(`/incidents/${number}/comments`, { text: 'b' }, { key: 'k' })),
    ).toMatch(/^422 /)
    expect(
      refusal(await desk.as('ann').post(`/incidents/${number}/work-notes`, { text: 'a' }, { key: 'k' })),
    ).toMatch(/^422 /)
  })

  it('with another person or group to register is refused', async () => {
    const group = (id: string) => desk.as('adam').post('/groups', { id, name: id }, { key: 'register' })
    const first = await group('Printers')
    expect([first.status, told(await group('Printers'))]).toEqual([201, told(first)])
    expect(refusal(await group('Plotters'))).toBe('422 IDEMPOTENCY_KEY.REUSED')
    const person = (id: string) =>
      desk.as('adam').post('/people', { id, kind: 'person', name: id }, { key: 'register' })
    expect([(await person('paul')).status, refusal(await person('pia'))]).toEqual([
      201,
      '422 IDEMPOTENCY_KEY.REUSED',
    ])
  })

  it('is each principal’s own', async () => {
    const open = (person: string) => desk.as(person).post('/incidents', { title: 'Whose' }, { key: 'shared' })
    expect(succeeded(await open('ann')).id).not.toBe(succeeded(await open('ben')).id)
  })

  it('on a command gives the first answer, whatever has happened since', async () => {
    const number = await desk.opened()
    const comment = () =>
      desk.as('ann').post(`/incidents/${number}/comments`, { text: 'Once' }, { key: 'comment' })
    const first = await comment()
    await desk.done('ann', number, 'comments', { text: 'Meanwhile' })
    const second = await comment()
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'))
    expect(succeeded(await desk.as('ann').get(`/incidents/${number}`)).comments).toBe(2)
  })

  it('is not used up by a refusal', async () => {
    const number = await desk.opened()
    const reopen = () => desk.as('ann').post(`/incidents/${number}/reopen`, {}, { key: 'early' })
    expect(refusal(await reopen())).toBe('409 INCIDENT.NOT_RESOLVED')
    await desk.done('ann', number, 'resolve', { code: 'fixed', notes: 'Restarted' })
    expect((await reopen()).status).toBe(200)
  })
})
