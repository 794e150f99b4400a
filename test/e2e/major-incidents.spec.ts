import { Desk, refusal, succeeded } from './desk.js'

const NETWORK = encodeURIComponent('Network')

describe('Major incidents, families, escalation and people on call', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
    await succeeded(await desk.as('adam').post(`/groups/${NETWORK}/change`, { manager: 'lea' }))
  })
  afterAll(() => desk.close())

  const read = async (number: string) => succeeded(await desk.as('ann').get(`/incidents/${number}`))
  /** Asks until policies and projections have done what they will. */
  async function until(
    number: string,
    is: (incident: { state: string; comments?: number }) => boolean,
  ): Promise<object> {
    for (;;) {
      const incident = await read(number)
      if (is(incident)) return incident
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('a major incident is proposed, declared, told of, and reviewed', async () => {
    const number = await desk.opened({ caller: 'rita' })
    await desk.done('ann', number, 'propose-major', { because: 'Nobody has mail' })
    expect(await read(number)).toMatchObject({
      major: 'candidate',
      majorProposal: { reason: 'Nobody has mail' },
    })
    expect(refusal(await desk.as('ann').post(`/incidents/${number}/promote`, { manager: 'lea' }))).toBe(
      '403 ROLE.REQUIRED',
    )
    await desk.done('lea', number, 'promote', { manager: 'lea', nextUpdateAt: '2099-01-01T00:00:00Z' })
    await desk.done('lea', number, 'assign-role', { role: 'communications', person: 'ann' })
    await desk.done('ann', number, 'updates', { text: 'For us', visibility: 'internal', nextUpdateAt: null })
    const told = { text: 'We are on it', visibility: 'public', nextUpdateAt: '2099-01-01T01:00:00+01:00' }
    const { position } = await desk.done('ann', number, 'updates', told)
    expect(await read(number)).toMatchObject({
      major: 'yes',
      majorRoles: { manager: 'lea', communications: 'ann' },
      nextUpdateAt: '2099-01-01T00:00:00.000Z',
    })

    const texts = async (person: 'ann' | 'rita') => {
      const { items } = succeeded(await desk.as(person).get(`/incidents/${number}/updates`))
      return items.map(({ text }: { text: string }) => text)
    }
    expect(await texts('ann')).toEqual(['For us', 'We are on it'])
    expect(await texts('rita')).toEqual(['We are on it'])
    const hers = succeeded(await desk.as('rita').get(`/incidents/${number}/history`)).items
    expect(hers.map(({ type }: { type: string }) => type)).not.toContain('MajorIncidentPromoted')
    expect(Object.keys(succeeded(await desk.as('rita').get(`/incidents/${number}`)))).not.toContain('major')

    const listed = async (minPosition: string) => {
      const { items } = succeeded(await desk.as('ann').get('/major-incidents', { minPosition }))
      return items.filter((item: { number: string }) => item.number === number)
    }
    expect(await listed(position)).toMatchObject([{ number, major: 'yes' }])
    const resolution = await desk.done('ann', number, 'resolve', { code: 'fixed', notes: 'Restarted' })
    expect(await listed(resolution.position)).toMatchObject([{ number, review: 'missing' }])
    const review = await desk.done('lea', number, 'review', { summary: 'A full disk', actions: ['Watch it'] })
    expect(await listed(review.position)).toEqual([])
    expect(await read(number)).toMatchObject({
      review: 'done',
      majorReview: { summary: 'A full disk', by: 'lea' },
    })
  })

  it('children follow their parent, and not on close', async () => {
    const parent = await desk.opened()
    const child = await desk.opened({ caller: 'rita' })
    const { position } = await desk.done('ann', child, 'link-parent', { parent })
    const children = succeeded(
      await desk.as('ann').get(`/incidents/${parent}/children`, { minPosition: position }),
    )
    expect(children.items).toMatchObject([{ number: child, parent }])
    expect(refusal(await desk.as('ann').post(`/incidents/${parent}/link-parent`, { parent: child }))).toBe(
      '409 INCIDENT.PARENT_CYCLE',
    )
    await desk.done('ann', parent, 'hold', { holdReason: 'awaiting-vendor' })
    await until(child, ({ state }) => state === 'On Hold')
    expect(await read(child)).toMatchObject({ hold: { reason: 'awaiting-parent' } })
    await desk.done('ann', parent, 'resume')
    await until(child, ({ state }) => state === 'In Progress')
    await desk.done('ann', parent, 'resolve', { code: 'fixed', notes: 'Restarted' })
    await until(child, ({ state }) => state === 'Resolved')
    expect(await read(child)).toMatchObject({
      resolution: { code: 'fixed', notes: `Resolved together with ${parent}.`, resolvedBy: 'ann' },
    })
    await desk.done('ann', parent, 'close')
    expect(await read(child)).toMatchObject({ state: 'Resolved' })
  })

  it('children are reopened with their parent, and their callers told what is meant for them', async () => {
    const parent = await desk.opened({ caller: 'rob' })
    const child = await desk.opened({ caller: 'rita' })
    await desk.done('ann', child, 'link-parent', { parent })
    await desk.done('ann', parent, 'resolve', { code: 'fixed', notes: 'Restarted' })
    await until(child, ({ state }) => state === 'Resolved')
    await desk.done('rob', parent, 'reopen')
    await until(child, ({ state }) => state === 'In Progress')
    expect(
      refusal(await desk.as('rob').post(`/incidents/${parent}/comments`, { text: 'x', forChildren: true })),
    ).toBe('403 INCIDENT.FORBIDDEN')
    await desk.done('ann', parent, 'comments', { text: 'Rob, please call me' })
    await desk.done('ann', parent, 'comments', { text: 'Back by noon', forChildren: true })
    await until(child, ({ comments }) => comments === 1)
    const { items } = succeeded(await desk.as('rita').get(`/incidents/${child}/history`))
    expect(JSON.stringify(items)).not.toContain('please call me')
    expect(items).toContainEqual(
      expect.objectContaining({
        what: `Comment on ${parent}`,
        text: 'Back by noon',
        who: expect.objectContaining({ attributedTo: 'ann' }),
      }),
    )
  })

  it('a child is as its parent is from the link on', async () => {
    const [parent, child] = [await desk.opened(), await desk.opened()]
    await desk.done('ann', parent, 'hold', { holdReason: 'awaiting-vendor' })
    await desk.done('ann', child, 'link-parent', { parent })
    await until(child, ({ state }) => state === 'On Hold')
  })

  it('of two made each other’s parents at the same moment, one at most has a parent in the end', async () => {
    for (let pair = 0; pair < 10; pair++) {
      const [a, b] = [await desk.opened(), await desk.opened()]
      await Promise.all([
        desk.as('ann').post(`/incidents/${a}/link-parent`, { parent: b }),
        desk.as('ann').post(`/incidents/${b}/link-parent`, { parent: a }),
      ])
      const linked = async () => [await read(a), await read(b)].filter((one) => 'parent' in one).length
      const end = Date.now() + 20_000
      while ((await linked()) > 1 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await linked()).toBeLessThan(2)
    }
  })

  it('people on call are asked by rules, and answer', async () => {
    const onCall = { contacts: ['ben', 'lea'], acknowledgeWithinMinutes: 5, rounds: 1 }
    succeeded(await desk.as('lea').put(`/groups/${NETWORK}/on-call`, onCall))
    expect(succeeded(await desk.as('ann').get(`/groups/${NETWORK}`))).toMatchObject({ onCall })
    const unknown = { contacts: ['ben', 'eve'], acknowledgeWithinMinutes: 5, rounds: 1 }
    const refused = await desk.as('lea').put(`/groups/${NETWORK}/on-call`, unknown)
    expect([refusal(refused), refused.body.errors[0].pointer]).toEqual([
      '400 DIRECTORY.ON_CALL_MALFORMED',
      '/contacts/1',
    ])
    const rules = [
      {
        name: 'Critical',
        when: { priorities: [1] },
        since: 'opened',
        afterMinutes: 0,
        action: { kind: 'on-call' },
      },
    ]
    succeeded(await desk.as('adam').put('/settings/escalation-rules', { rules }))
    const number = await desk.opened({ impact: 1, urgency: 1, assignmentGroup: 'Network' })
    await until(number, (incident) => 'paged' in incident)
    expect(await read(number)).toMatchObject({ paged: 'ben', pagedGroup: 'Network' })
    expect(refusal(await desk.as('ann').post(`/incidents/${number}/acknowledge-page`))).toBe(
      '409 INCIDENT.NOT_ON_CALL',
    )
    await desk.done('lea', number, 'acknowledge-page')
    expect(await read(number)).not.toHaveProperty('paged')
    const { items } = succeeded(await desk.as('ann').get(`/incidents/${number}/history`))
    const what = items.map((entry: { what: string }) => entry.what)
    expect(what).toContainEqual(
      expect.stringMatching(/^ben, on call for group Network, .* by rule "Critical"/),
    )
    expect(what.at(-1)).toBe('lea answered the call')
    succeeded(await desk.as('adam').put('/settings/escalation-rules', { rules: [] }))
  })
})
