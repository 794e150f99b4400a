import { eventually } from '#libs/testing'
import { Desk, type Person, refusal, succeeded } from './desk.js'

const HOUR = 3_600_000
const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString()
const SECRET = 'Wiretap'

describe('A restricted change', () => {
  let desk: Desk
  let ci: string
  let hidden: string
  /** Of everybody's, with the hidden one in its way. */
  let beside: string
  let meeting: string
  let approval: string
  let position: string

  beforeAll(async () => {
    desk = await Desk.open()
    // Lea is asked for approval, and in neither group
    succeeded(await desk.as('adam').post('/groups/Network/change', { manager: 'lea' }))
    ci = succeeded(await desk.as('chris').post('/configuration-items', { class: 'server', name: 'db-1' })).id
    // Ben is of the group, ann is not
    const audience = { kind: 'groups', groups: ['Network'] }
    hidden = await submitted('ben', { title: SECRET, implementation: SECRET, audience })
    await eventually('approval is asked', async () => {
      const change = succeeded(await desk.as('ben').get(`/changes/${hidden}`))
      approval = change.approval?.id
      return change.approval?.status === 'open'
    })
    beside = await submitted('ben', { title: 'More memory' })
    await eventually('both are in each other’s way', async () => {
      const change = succeeded(await desk.as('ben').get(`/changes/${beside}`))
      position = change.asOf
      return change.approval?.status === 'open' && change.conflicts?.length === 1
    })
    const chris = desk.as('chris')
    const board = { title: 'Weekly', period: { start: at(1), end: at(2) }, members: ['ann'] }
    meeting = succeeded(await chris.post('/cab-meetings', board)).id
    await done('ben', hidden, 'watch', { person: 'chris' })
    for (const change of [hidden, beside])
      position = succeeded(await chris.post(`/cab-meetings/${meeting}/agenda`, { change })).position
    await done('ben', hidden, 'unwatch', { person: 'chris' })
  })
  afterAll(() => desk.close())

  const act = (by: Person, number: string, verb: string, body: object = {}) =>
    desk.as(by).post(`/changes/${number}/${verb}`, body)
  const done = async (by: Person, number: string, verb: string, body: object = {}) => {
    const receipt = succeeded(await act(by, number, verb, body))
    position = receipt.position
    return receipt
  }
  const submitted = async (by: Person, more: object): Promise<string> => {
    const plan = {
      type: 'normal',
      implementation: 'Do it.',
      backout: 'Undo it.',
      test: 'Look.',
      window: { start: at(24), end: at(26) },
      affectedCis: [ci],
      group: 'Network',
    }
    const { id } = succeeded(await desk.as(by).post('/changes', { ...plan, ...more }))
    for (const verb of ['assess', 'assess-risk', 'submit']) await done(by, id, verb)
    return id
  }
  /** Whether a person finds it in each of the places where changes are listed. */
  const findings = async (by: Person) => {
    const found: Record<string, boolean> = {}
    const places: [string, string, Record<string, string>][] = [
      ['list', '/changes', {}],
      ['past', '/changes', { asOf: position }],
      ['search', '/search', { q: SECRET }],
      ['calendar', '/changes/calendar', { from: at(0), to: at(48) }],
      ['queue', '/queues/Network', {}],
      ['approvals', '/approvals', {}],
      ['board', '/cab-meetings', {}],
      ['board, one', `/cab-meetings/${meeting}`, {}],
      ['beside', `/changes/${beside}`, {}],
      ['history beside', `/changes/${beside}/history`, {}],
    ]
    for (const [place, path, query] of places) {
      const answer = succeeded(await desk.as(by).get(path, { ...query, minPosition: position }))
      found[place] = JSON.stringify(answer).includes(hidden)
    }
    const calendar = await desk.as(by).get('/changes/calendar', {}, { headers: { accept: 'text/calendar' } })
    found.iCalendar = String(calendar.body).includes(SECRET)
    return found
  }
  const everywhere = (found: boolean) => ({
    list: found,
    past: found,
    search: found,
    calendar: found,
    queue: found,
    approvals: found,
    board: found,
    'board, one': found,
    beside: found,
    'history beside': found,
    iCalendar: found,
  })

  it('is found by its audience and by overseers, and by nobody else', async () => {
    expect(await findings('ben')).toEqual(everywhere(true))
    expect(await findings('audrey')).toEqual(everywhere(true))
    for (const person of ['ann', 'chris', 'ana'] as const)
      expect([person, await findings(person)]).toEqual([person, everywhere(false)])
  })

  it('is told to whoever is asked for approval, as far as she is asked', async () => {
    expect(await findings('lea')).toEqual({ ...everywhere(false), approvals: true })
    const asked = succeeded(await desk.as('lea').get(`/approvals/${approval}`))
    expect(asked).toMatchObject({
      audience: { kind: 'groups' },
      document: { plan: { implementation: SECRET } },
    })
    expect(refusal(await desk.as('lea').get(`/changes/${hidden}`))).toBe('404 CHANGE.UNKNOWN')
  })

  it('leaves others that something is busy, not by what', async () => {
    const conflictsFor = async (person: Person) =>
      succeeded(await desk.as(person).get(`/changes/${beside}`)).conflicts
    const busy = { kind: 'ci-busy', ci, period: expect.anything() }
    expect(await conflictsFor('ben')).toEqual([{ ...busy, change: hidden }])
    expect(await conflictsFor('ann')).toEqual([busy])
  })

  it('is, for all others, as one that is not there', async () => {
    const ann = desk.as('ann')
    const there = (path: string) => ann.get(path).then(refusal)
    for (const rest of ['', '/history', '/incident-impact', `/attachments/${'a'.repeat(64)}`])
      expect(await there(`/changes/${hidden}${rest}`)).toBe('404 CHANGE.UNKNOWN')
    expect(await there(`/approvals/${approval}`)).toBe('404 APPROVAL.UNKNOWN')
    for (const [verb, body] of [
      ['comments', { text: 'x' }],
      ['watch', { person: 'ann' }],
      ['audience', { audience: { kind: 'public' } }],
      ['hold', { holdReason: 'x' }],
    ] as const)
      expect(refusal(await act('ann', hidden, verb, body))).toBe('404 CHANGE.UNKNOWN')
    const revert = (number: string) => act('ann', number, 'revert', { type: 'normal' })
    expect((await revert(hidden)).body.errors).toEqual((await revert('CHG9999999')).body.errors)
    const agenda = (change: string) => desk.as('chris').post(`/cab-meetings/${meeting}/agenda`, { change })
    const other = await submitted('ben', { audience: { kind: 'participants' }, title: SECRET })
    expect((await agenda(other)).body.errors).toEqual((await agenda('CHG9999999')).body.errors)
  })

  it('is seen by whoever watches it, as long as she does', async () => {
    await done('ben', hidden, 'watch', { person: 'ann' })
    const read = succeeded(await desk.as('ann').get(`/changes/${hidden}`))
    expect(read).toMatchObject({ watchers: ['ben', 'ann'], audience: { kind: 'groups' } })
    await done('ann', hidden, 'unwatch', { person: 'ann' })
    expect(refusal(await desk.as('ann').get(`/changes/${hidden}`))).toBe('404 CHANGE.UNKNOWN')
  })

  it('has what was asked about it seen by the same people when that changes', async () => {
    const status = async (by: Person) => (await desk.as(by).get(`/approvals/${approval}`)).status
    await done('ben', hidden, 'audience', { audience: { kind: 'public' } })
    await eventually('its approval is public, too', async () => (await status('ann')) === 200)
    expect(await findings('ann')).toEqual(everywhere(true))
    await done('ben', hidden, 'audience', { audience: { kind: 'participants' } })
    await eventually('its approval is restricted, too', async () => (await status('ann')) === 404)
    expect(await findings('ann')).toEqual(everywhere(false))
    expect(await status('lea')).toBe(200)
  })
})
