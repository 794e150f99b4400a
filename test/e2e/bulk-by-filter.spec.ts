import { Desk, refusal, succeeded } from './desk.js'

describe('One verb for all that a filter finds', () => {
  let desk: Desk
  beforeAll(async () => {
    // A thousand incidents at once take a busy machine's projector longer than usual
    desk = await Desk.open({ PROJECTION_WAIT_MS: '30000' })
  })
  afterAll(() => desk.close())

  const send = (body: object, key?: string, person = 'ann') =>
    desk.as(person).post('/incidents/bulk-by-filter', body, { key })
  const opened = (category: string, count: number, body: object = {}) =>
    Promise.all(Array.from({ length: count }, () => desk.opened({ category, ...body })))

  it('is previewed, and changes nothing then', async () => {
    const numbers = await opened('previewed', 25)
    const asked = { filter: 'category = "previewed"', verb: 'start' }
    const preview = succeeded(await send({ ...asked, preview: true }))
    expect(preview).toEqual({
      count: 25,
      first: expect.any(Array),
      selection: expect.stringMatching(/^25-[0-9a-f]{32}$/),
    })
    expect(preview.first).toHaveLength(20)
    expect(numbers).toEqual(expect.arrayContaining(preview.first))
    const view = succeeded(await desk.as('ann').get(`/incidents/${numbers[0]}`))
    expect(view.state).toBe('New')
  })

  it('has a result for each record: what is refused for one stops no other', async () => {
    const [open, closed] = (await opened('mixed', 2)) as [string, string]
    await desk.done('ann', closed, 'resolve', { code: 'fixed', notes: 'Restarted' })
    const { count, results } = succeeded(
      await send({ filter: 'category = "mixed"', verb: 'assign', body: { group: 'Network' }, expected: 2 }),
    )
    expect(count).toBe(2)
    const of = (number: string) => results.find((one: { number: string }) => one.number === number)
    expect(of(open)).toMatchObject({ status: 200, id: open, revision: expect.any(Number) })
    expect(of(closed)).toMatchObject({ status: 409, code: 'INCIDENT.NOT_OPEN' })
    expect(succeeded(await desk.as('ann').get(`/incidents/${open}`)).assignmentGroup).toBe('Network')
  })

  it('is refused with the present count when another one was expected', async () => {
    await opened('counted', 3)
    const asked = { filter: 'category = "counted"', verb: 'start' }
    const answer = await send({ ...asked, expected: 2 })
    expect([refusal(answer), answer.body.count]).toEqual(['409 BULK.COUNT_DIFFERS', 3])
    expect(succeeded(await send({ ...asked, expected: 3 })).count).toBe(3)
  })

  it('is refused for other records than those of the preview, were they as many', async () => {
    const [first] = (await opened('swapped', 3)) as [string]
    const asked = { filter: 'category = "swapped"', verb: 'start' }
    const { selection } = succeeded(await send({ ...asked, preview: true }))
    await desk.done('ann', first, 'categorize', { category: 'other' })
    await opened('swapped', 1)
    const answer = await send({ ...asked, expected: 3, selection })
    expect(refusal(answer)).toBe('409 BULK.SELECTION_DIFFERS')
    expect(answer.body).toMatchObject({ count: 3, previewed: 3 })
    const again = succeeded(await send({ ...asked, preview: true }))
    expect(again.selection).not.toBe(selection)
    const { results } = succeeded(await send({ ...asked, selection: again.selection }, 'selected'))
    expect(results.map(({ status }: { status: number }) => status)).toEqual([200, 200, 200])
    // What it did changed the records, not which they are; nor does a repeat ask again
    await opened('swapped', 1)
    expect(succeeded(await send({ ...asked, selection: again.selection }, 'selected')).results).toEqual(
      results,
    )
  })

  it('is not for all that there is, by a filter that was left blank', async () => {
    for (const filter of [' ', '\t\n'])
      for (const preview of [true, false]) {
        const answer = await send({ filter, verb: 'accept', preview })
        expect([refusal(answer), answer.body.errors[0].pointer]).toEqual(['400 FILTER.EMPTY', '/filter'])
      }
  })

  it('with a key is about the same records, however often it is sent', async () => {
    const numbers = await opened('keyed', 5)
    const asked = {
      filter: 'category = "keyed" AND state = "New"',
      verb: 'comments',
      body: { text: 'Once' },
      expected: 5,
    }
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(asked, 'bulk-key')))
    const [first] = answers.map(succeeded)
    await opened('keyed', 3)
    for (const number of numbers.slice(0, 2)) await desk.done('ann', number, 'start')
    expect(succeeded(await send(asked, 'bulk-key'))).toEqual(first)
    for (const answer of answers) expect(succeeded(answer)).toEqual(first)
    for (const number of numbers)
      expect(succeeded(await desk.as('ann').get(`/incidents/${number}`)).comments).toBe(1)
    expect(refusal(await send({ ...asked, body: { text: 'Twice' } }, 'bulk-key'))).toBe(
      '422 IDEMPOTENCY_KEY.REUSED',
    )
  })

  it('finds no record that its sender may not see', async () => {
    await desk.founded('Board', ['lea'])
    await desk.opened({ category: 'secret', audience: { kind: 'groups', groups: ['Board'] } }, 'lea')
    const asked = { filter: 'category = "secret"', verb: 'start', preview: true }
    expect(succeeded(await send(asked)).count).toBe(0)
    expect(succeeded(await send(asked, undefined, 'lea')).count).toBe(1)
    expect(succeeded(await send({ ...asked, preview: false }))).toEqual({ count: 0, results: [] })
  })

  it('names what is wrong with a request', async () => {
    const asked = { filter: 'state = "New"', verb: 'start' }
    expect(refusal(await send({ ...asked, verb: 'nothing' }))).toBe('400 BULK.VERB_UNKNOWN')
    expect(refusal(await send({ ...asked, filter: 'colour = 1' }))).toBe('400 FILTER.UNKNOWN_FIELD')
    expect(refusal(await send({ ...asked, verb: 'resolve', body: { code: 'fixed' } }))).toBe(
      '400 REQUEST.INVALID',
    )
    expect(refusal(await send(asked, undefined, 'rita'))).toBe('403 ROLE.REQUIRED')
  })

  it('is for a thousand records and no more', async () => {
    const items = Array.from({ length: 1_001 }, () => ({
      verb: 'open',
      body: { title: 'x', category: 'many' },
    }))
    for (const some of [items.slice(0, 1_000), items.slice(1_000)])
      succeeded(await desk.as('ann').post('/incidents/bulk', { items: some }))
    const asked = { filter: 'category = "many"', verb: 'start' }
    const answer = await send(asked)
    expect([refusal(answer), answer.body.count]).toEqual(['409 BULK.TOO_MANY', 1_001])
    const preview = succeeded(await send({ ...asked, preview: true }))
    expect(preview).toEqual({ count: 1_001, first: preview.first })
    const last = preview.first[0]
    await desk.done('ann', last, 'categorize', { category: 'other' })
    const { results } = succeeded(await send({ ...asked, expected: 1_000 }))
    expect(new Set(results.map(({ status }: { status: number }) => status))).toEqual(new Set([200]))
  })
})
