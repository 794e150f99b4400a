import { eventually } from '#libs/testing'
import { Desk, type Person, refusal, succeeded } from './desk.js'

const SECRET = 'Embezzlement'

describe('A restricted problem', () => {
  let desk: Desk
  let hidden: string
  let position: string

  beforeAll(async () => {
    desk = await Desk.open()
    const opened = {
      title: SECRET,
      symptom: SECRET,
      group: 'Network',
      audience: { kind: 'groups', groups: ['Network'] },
    }
    // Ben is of that group, ann is not
    hidden = succeeded(await desk.as('ben').post('/problems', opened)).id
    await done('ben', hidden, 'workaround', { workaround: SECRET })
    await done('ben', hidden, 'known-error')
    await done('ben', hidden, 'tasks', { title: SECRET, group: 'Service Desk' })
  })
  afterAll(() => desk.close())

  const act = (by: Person, number: string, verb: string, body: object = {}) =>
    desk.as(by).post(`/problems/${number}/${verb}`, body)
  const done = async (by: Person, number: string, verb: string, body: object = {}) => {
    const receipt = succeeded(await act(by, number, verb, body))
    position = receipt.position
    return receipt
  }
  /** What a person finds of it in each of the places where problems are listed. */
  const findings = async (by: Person) => {
    const places: [string, Record<string, string>][] = [
      ['/problems', {}],
      ['/search', { q: SECRET }],
      ['/queues/Network', {}],
      ['/queues/Service%20Desk', {}],
    ]
    const found: Record<string, string[]> = {}
    for (const [path, query] of places) {
      const { items } = succeeded(await desk.as(by).get(path, { ...query, minPosition: position }))
      found[path] = items
        .map(({ number }: { number: string }) => number)
        .filter((number: string) => number.startsWith(hidden))
    }
    return found
  }
  const everywhere = () => ({
    '/problems': [hidden],
    '/search': [hidden],
    '/queues/Network': [hidden],
    '/queues/Service%20Desk': [`${hidden}/T1`],
  })
  const nowhere = { '/problems': [], '/search': [], '/queues/Network': [], '/queues/Service%20Desk': [] }

  it('is found by its audience and by overseers, and by nobody else', async () => {
    expect(await findings('ben')).toEqual(everywhere())
    expect(await findings('audrey')).toEqual(everywhere())
    for (const person of ['ann', 'lea', 'chris', 'ana'] as const)
      expect([person, await findings(person)]).toEqual([person, nowhere])
  })

  it('is, for all others, as one that is not there', async () => {
    const ann = desk.as('ann')
    const there = (path: string) => ann.get(path).then(refusal)
    for (const rest of ['', '/history', '/incidents', '/repeat-rate'])
      expect(await there(`/problems/${hidden}${rest}`)).toBe('404 PROBLEM.UNKNOWN')
    for (const [verb, body] of [
      ['comments', { text: 'x' }],
      ['watch', { person: 'ann' }],
      ['audience', { audience: { kind: 'public' } }],
      ['assess', {}],
    ] as const)
      expect(refusal(await act('ann', hidden, verb, body))).toBe('404 PROBLEM.UNKNOWN')
    const { id } = succeeded(await ann.post('/problems', { title: 'Another one' }))
    const survivor = (number: string) => act('ann', id, 'duplicate', { survivor: number })
    const [unseen, unknown] = [await survivor(hidden), await survivor('PRB9999999')]
    expect(refusal(unseen)).toBe('400 PROBLEM.SURVIVOR_UNKNOWN')
    expect(unseen.body.errors).toEqual(unknown.body.errors)
  })

  it('tells incidents nothing of what helps, until everybody may see it', async () => {
    const number = await desk.opened()
    await desk.done('ann', number, 'links', {
      relation: 'has-problem',
      targetType: 'problem',
      target: hidden,
    })
    const told = async () => {
      const { items } = succeeded(await desk.as('ann').get(`/incidents/${number}/history`))
      return items.some(({ text }: { text?: string }) => text === SECRET)
    }
    // Whatever the link has led to is done once a problem that is linked later has told its workaround
    const { id } = succeeded(
      await desk.as('ann').post('/problems', { title: 'Another', incidents: [number] }),
    )
    await done('ann', id, 'workaround', { workaround: 'Wait' })
    await done('ann', id, 'known-error')
    await eventually('the other workaround is told', async () => {
      const { items } = succeeded(await desk.as('ann').get(`/incidents/${number}/history`))
      return items.some(({ text }: { text?: string }) => text === 'Wait')
    })
    expect(await told()).toBe(false)
    await done('ben', hidden, 'audience', { audience: { kind: 'public' } })
    expect(await findings('ann')).toEqual(everywhere())
    await eventually('it is told', told)
    await done('ben', hidden, 'audience', { audience: { kind: 'participants' } })
    expect(await findings('ann')).toEqual({ ...nowhere, '/queues/Service%20Desk': [`${hidden}/T1`] })
  })

  it('is seen by whoever watches it, as long as she does', async () => {
    await done('ben', hidden, 'watch', { person: 'ann' })
    expect((await findings('ann'))['/problems']).toEqual([hidden])
    const read = succeeded(await desk.as('ann').get(`/problems/${hidden}`))
    expect(read).toMatchObject({ watchers: ['ben', 'ann'], audience: { kind: 'participants' } })
    await done('ann', hidden, 'unwatch', { person: 'ann' })
    expect(refusal(await desk.as('ann').get(`/problems/${hidden}`))).toBe('404 PROBLEM.UNKNOWN')
  })
})
