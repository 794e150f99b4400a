import { Desk, succeeded } from './desk.js'

const COMMENTS = 1_000

describe('A thousand comments on one incident at once', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  it('are all kept, each once, while others work on', async () => {
    const number = await desk.opened({ caller: 'rita' })
    const people = ['ann', 'ben', 'lea', 'rita'] as const
    const texts = Array.from({ length: COMMENTS }, (_, n) => `Comment ${n}`)
    let commented = 0
    const comment = (text: string) => ({ verb: 'comments', number, body: { text } })
    // Ten requests of ninety each, and a hundred of one: more connections at once than these a machine may refuse
    const bulks = Array.from({ length: 10 }, async (_, n) => {
      const items = texts.slice(90 * n, 90 * (n + 1)).map(comment)
      const { results } = succeeded(await desk.as('ann').post('/incidents/bulk', { items }))
      commented += items.length
      return (results as { revision: number }[]).map(({ revision }) => revision)
    })
    const singles = texts.slice(900).map(async (text, n) => {
      const answer = await desk.as(people[n % people.length]!).post(`/incidents/${number}/comments`, { text })
      commented++
      return [succeeded(answer).revision as number]
    })
    // Other records do not wait for this one: they are answered before it is done
    const others: number[] = []
    for (let n = 0; n < 20; n++) {
      const other = await desk.opened({ title: `Beside ${n}` })
      await desk.done('lea', other, 'start')
      others.push(commented)
    }
    const revisions = (await Promise.all([...bulks, ...singles])).flat()
    expect(new Set(revisions).size).toBe(COMMENTS)
    expect(others[0]).toBeLessThan(COMMENTS)
    const { items } = succeeded(await desk.as('ann').get(`/incidents/${number}/history`))
    const kept = (items as { type: string; text: string }[]).filter(({ type }) => type === 'CommentAdded')
    expect(kept.map(({ text }) => text).sort()).toEqual([...texts].sort())
    expect(succeeded(await desk.as('rita').get(`/incidents/${number}`)).comments).toBe(COMMENTS)
  })
})
