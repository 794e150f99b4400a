import { eventually } from '#libs/testing'
import { Desk, type Person, refusal, succeeded } from './desk.js'

interface Candidate {
  id: string
  status: string
  title: string
  score: number
  memberCount: number
  members: { number: string; problems?: string[] }[]
  notLinked: number
  reasons: string[]
  trend: string
  decided?: { by: string; reason?: string }
  problem?: string
  /** What it is told from holds everything up to here. */
  position: string
}

describe('Candidates for problems', () => {
  let desk: Desk

  beforeAll(async () => {
    desk = await Desk.open()
    // Agreement means something only among many that do not agree
    for (let n = 0; n < 60; n++)
      await desk.opened({ title: `thing${n} trouble${n}`, category: `category-${n % 9}` })
  })
  afterAll(() => desk.close())

  /** Opens an incident with this cause. */
  const alike = async (cause: string, more: object = {}): Promise<{ id: string; position: string }> =>
    succeeded(
      await desk.as('ann').post('/incidents', {
        title: `Quokka ${cause} gantry`,
        category: `${cause}-category`,
        subcategory: `${cause}-subcategory`,
        symptom: `${cause}-symptom`,
        ...more,
      }),
    )
  const list = async (filter: string, minPosition?: string): Promise<Candidate[]> =>
    succeeded(await desk.as('ann').get('/problem-candidates', { filter, minPosition })).items
  const read = async (id: string): Promise<Candidate> =>
    succeeded(await desk.as('audrey').get(`/problem-candidates/${id}`))
  const decide = (id: string, verb: string, body: object = {}, asking = {}, by: Person = 'ann') =>
    desk.as(by).post(`/problem-candidates/${id}/${verb}`, body, asking)
  const ids = (candidates: Candidate[]) => candidates.map(({ id }) => id)
  /** Two incidents of one cause, and the candidate that they have become, by the number of the first; and the position of the last. */
  const found = async (cause: string): Promise<[first: string, second: string, position: string]> => {
    const { id } = await alike(cause)
    const second = await alike(cause)
    expect(ids(await list('status = "open"', second.position))).toContain(id)
    return [id, second.id, second.position]
  }
  const become = async (id: string): Promise<string> => {
    await eventually('it has become a problem', async () => (await read(id)).problem !== undefined)
    return (await read(id)).problem as string
  }
  const problemsSeen = async (candidate: string): Promise<string[]> => {
    const { position: minPosition } = await read(candidate)
    const { items } = succeeded(
      await desk.as('ann').get('/problems', { filter: `candidate = "${candidate}"`, minPosition }),
    )
    return items.map(({ number }: { number: string }) => number)
  }

  it('are found as incidents are opened, and say why', async () => {
    const [first, second] = await found('viaduct')
    const candidate = await read(first)
    expect(candidate).toMatchObject({
      id: first,
      status: 'open',
      title: 'Quokka viaduct gantry',
      memberCount: 2,
      notLinked: 2,
      trend: 'rising',
      members: [{ number: first }, { number: second, linkedTo: first }],
    })
    expect(candidate.score).toBeGreaterThan(4)
    expect(candidate.reasons).toContain('1 of 1 links: same symptom "viaduct-symptom"')
    // None of those that have nothing in common (counter-proof)
    expect((await list('memberCount >= 2')).every(({ title }) => title.startsWith('Quokka'))).toBe(true)
    expect(refusal(await desk.as('ann').get('/problem-candidates/INC9999999'))).toBe('404 CANDIDATE.UNKNOWN')
  })

  it('answer which incidents are similar to one, the best first, and why', async () => {
    const [first, second, minPosition] = await found('aqueduct')
    const { items } = succeeded(
      await desk.as('ann').get(`/incidents/${second}/similar`, { pageSize: 3, minPosition }),
    )
    expect(items[0]).toMatchObject({ number: first, state: 'New', candidate: first })
    expect(items[0].reasons).toContain('same symptom "aqueduct-symptom"')
    const scores = items.map(({ score }: { score: number }) => score)
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
  })

  it('become a problem with their incidents when they are accepted; what joins later is shown as not linked', async () => {
    const [first, second] = await found('tunnel')
    succeeded(await decide(first, 'accept', { reason: 'Three times this week' }))
    const problem = await become(first)
    expect(succeeded(await desk.as('ann').get(`/problems/${problem}`))).toMatchObject({
      title: 'Quokka tunnel gantry',
      state: 'New',
      origin: 'reactive',
      candidate: first,
    })
    await eventually('its incidents are linked', async () => (await read(first)).notLinked === 0)
    expect(await read(first)).toMatchObject({
      status: 'accepted',
      decided: { by: 'ann', reason: 'Three times this week', memberCount: 2 },
      members: [{ problems: [problem] }, { number: second, problems: [problem] }],
    })
    const third = await alike('tunnel')
    const waiting = await list('status = "accepted" AND notLinked > 0', third.position)
    expect(waiting).toEqual([expect.objectContaining({ id: first, memberCount: 3, notLinked: 1, problem })])
    succeeded(await desk.as('ann').post(`/problems/${problem}/link-incidents`, { incidents: [third.id] }))
    await eventually('it is linked, too', async () => (await read(first)).notLinked === 0)
    expect(ids(await list('status = "open"'))).not.toContain(first)
    // Again: there is one already
    succeeded(await decide(first, 'accept'))
    expect(refusal(await decide(first, 'dismiss', { reason: 'None' }))).toBe('409 CANDIDATE.ACCEPTED')
    expect(await problemsSeen(first)).toEqual([problem])
  })

  it('are accepted into a problem that is there already, with what joins later', async () => {
    const [first, second] = await found('lighthouse')
    const { id: problem } = succeeded(await desk.as('ann').post('/problems', { title: 'Lamps go out' }))
    expect(refusal(await decide(first, 'accept', { problem: 'PRB9999999' }))).toBe(
      '400 CANDIDATE.PROBLEM_UNKNOWN',
    )
    const { position } = succeeded(await decide(first, 'accept', { problem }))
    expect(await list(`problem = "${problem}"`, position)).toEqual([
      expect.objectContaining({ id: first, status: 'accepted' }),
    ])
    const linked = async () => (await read(first)).notLinked === 0
    await eventually('its incidents are linked', linked)
    const { items } = succeeded(await desk.as('ann').get(`/problems/${problem}/history`))
    expect(items.at(-1)).toMatchObject({
      what: `Incidents of candidate ${first} named: ${first}, ${second}`,
      reason: 'ann accepted the candidate into it',
    })
    expect(await problemsSeen(first)).toEqual([])
    const third = await alike('lighthouse')
    await list('status = "open"', third.position)
    expect((await read(first)).notLinked).toBe(1)
    succeeded(await decide(first, 'accept', { problem }))
    await eventually('that which joined is linked', linked)
    const other = succeeded(await desk.as('ann').post('/problems', { title: 'Another' })).id
    expect(
      refusal(await desk.as('ann').post('/problems', { title: 'Another', candidate: 'INC9999999' })),
    ).toBe('400 PROBLEM.CANDIDATE_UNKNOWN')
    expect(refusal(await decide(first, 'accept', { problem: other }))).toBe('409 CANDIDATE.ACCEPTED')
  })

  it('lose an incident that is canceled', async () => {
    const [first, second] = await found('jetty')
    const third = await alike('jetty')
    const { position } = succeeded(
      await desk.as('ann').post(`/incidents/${second}/cancel`, { code: 'withdrawn', notes: 'It was none' }),
    )
    expect(ids(await list('memberCount = 2', position))).toContain(first)
    expect((await read(first)).members.map(({ number }) => number)).toEqual([first, third.id])
  })

  it('become a problem that has what its incidents have in common, and the highest priority of theirs', async () => {
    const [first] = await found('weir')
    await alike('weir', { impact: 1, urgency: 1, primaryCi: 'weir-1' })
    await alike('weir', { primaryCi: 'weir-1' })
    const fifth = await alike('weir', { primaryCi: 'weir-1', subcategory: 'another' })
    expect(ids(await list('memberCount = 5', fifth.position))).toContain(first)
    succeeded(await decide(first, 'accept'))
    const problem = await become(first)
    expect(succeeded(await desk.as('ann').get(`/problems/${problem}`))).toMatchObject({
      ...{ category: 'weir-category', subcategory: 'weir-subcategory', symptom: 'weir-symptom' },
      ...{ affectedCis: ['weir-1'], impact: 1, urgency: 1, priority: 1 },
    })
    const { items } = succeeded(await desk.as('ann').get(`/problems/${problem}/history`))
    expect(items[0].reason).toMatch(/^ann accepted the candidate; what describes it is what its incidents/)
  })

  it('are back when their problem was closed and another incident comes, for another problem with that one', async () => {
    const [first] = await found('bridge')
    succeeded(await decide(first, 'accept'))
    const old = await become(first)
    await eventually('its incidents are linked', async () => (await read(first)).notLinked === 0)
    const canceled = succeeded(
      await desk.as('ann').post(`/problems/${old}/cancel`, { notes: 'There is none' }),
    )
    expect(ids(await list('status = "accepted"', canceled.position))).toContain(first)
    // Nothing new: it stays with that
    succeeded(await decide(first, 'accept'))
    const third = await alike('bridge')
    expect(ids(await list('status = "open" AND notLinked > 0', third.position))).toContain(first)
    succeeded(await decide(first, 'accept'))
    await eventually('it has become another one', async () => (await become(first)) !== old)
    const next = await become(first)
    await eventually('the new one is linked', async () => (await read(first)).notLinked === 0)
    const { members } = await read(first)
    expect(members.map(({ problems }) => problems)).toEqual([[old], [old], [next]])
    expect((await problemsSeen(first)).sort()).toEqual([old, next].sort())
  })

  it('that were dismissed, and why, are back when another incident joins', async () => {
    const [first] = await found('culvert')
    expect((await decide(first, 'dismiss', {}, { offContract: true })).status).toBe(400)
    const { position } = succeeded(await decide(first, 'dismiss', { reason: 'A planned outage' }))
    expect(ids(await list('status = "open"', position))).not.toContain(first)
    expect(await list('status = "dismissed"')).toEqual([
      expect.objectContaining({
        id: first,
        decided: expect.objectContaining({ reason: 'A planned outage' }),
      }),
    ])
    const third = await alike('culvert')
    expect(ids(await list('status = "open"', third.position))).toContain(first)
    expect((await read(first)).memberCount).toBe(3)
  })

  it('are decided on once under a key, and by who has seen the last decision', async () => {
    const [first] = await found('causeway')
    const body = { reason: 'A planned outage' }
    const dismissed = await decide(first, 'dismiss', body, { key: 'causeway' })
    const { revision } = succeeded(dismissed)
    const again = await decide(first, 'dismiss', body, { key: 'causeway' })
    expect([again.body, again.headers.get('etag')]).toEqual([dismissed.body, `"${revision}"`])
    expect((await decide(first, 'dismiss', { reason: 'Another' }, { key: 'causeway' })).status).toBe(422)
    expect((await decide(first, 'accept', {}, { ifMatch: revision + 1 })).status).toBe(412)
    const accept = () => decide(first, 'accept', {}, { key: 'causeway-accept', ifMatch: revision })
    const receipts = await Promise.all(Array.from({ length: 8 }, accept))
    expect(new Set(receipts.map((reply) => succeeded(reply).revision))).toEqual(new Set([revision + 1]))
    const problem = await become(first)
    expect((await decide(first, 'accept', {}, { ifMatch: revision })).status).toBe(412)
    expect(await problemsSeen(first)).toEqual([problem])
  })

  it('are no business of requesters, and not decided on by those who only read', async () => {
    const [first] = await found('pier')
    for (const path of ['/problem-candidates', `/problem-candidates/${first}`, `/incidents/${first}/similar`])
      expect((await desk.as('rita').get(path)).status).toBe(403)
    for (const person of ['rita', 'audrey', 'ana'] as const) {
      expect(refusal(await decide(first, 'accept', {}, {}, person))).toBe('403 ROLE.REQUIRED')
      expect(refusal(await decide(first, 'dismiss', { reason: 'x' }, {}, person))).toBe('403 ROLE.REQUIRED')
    }
    expect(await read(first)).toMatchObject({ status: 'open' })
  })
})
