import { eventually } from '#libs/testing'
import { Desk, refusal, succeeded } from './desk.js'

interface Entry {
  type: string
  text?: string
  what: string
  who: { actor: string }
}

describe('Problems', () => {
  let desk: Desk

  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const problem = async (body: object = {}) =>
    succeeded(await desk.as('ann').post('/problems', { title: 'Mail is slow every Monday', ...body }))
  const act = (number: string, verb: string, body: object = {}, person = 'ann') =>
    desk.as(person).post(`/problems/${number}/${verb}`, body)
  const done = async (number: string, verb: string, body: object = {}, person = 'ann') =>
    succeeded(await act(number, verb, body, person))
  const read = async (number: string) => succeeded(await desk.as('ann').get(`/problems/${number}`))
  const incident = async (number: string) => succeeded(await desk.as('ann').get(`/incidents/${number}`))
  const history = async (number: string): Promise<Entry[]> =>
    succeeded(await desk.as('ann').get(`/incidents/${number}/history`)).items
  const workarounds = async (number: string) =>
    (await history(number)).filter(({ what }) => what.startsWith('Workaround of')).map(({ text }) => text)
  const problemsOf = async (number: string): Promise<string[]> =>
    ((await incident(number)).links ?? [])
      .filter(({ relation }: { relation: string }) => relation === 'has-problem')
      .map(({ target }: { target: string }) => target)
  const isLinked = (number: string, to: string) =>
    eventually(`${number} is linked to ${to}`, async () => (await problemsOf(number)).includes(to))
  const waiting = async () => {
    const number = await desk.opened()
    await desk.done('ann', number, 'hold', { holdReason: 'awaiting-problem' })
    return number
  }
  const toFix = async (number: string) => {
    await done(number, 'assess')
    await done(number, 'analyse')
    await done(number, 'root-cause', { cause: 'The spool is on a small disk.' })
    await done(number, 'fix', { change: 'CHG0000001' })
  }

  it('goes from New to Closed, each step by who may take it', async () => {
    const { id, revision } = await problem({ impact: 1, urgency: 1, group: 'Network', assignee: 'ben' })
    expect(id).toMatch(/^PRB\d{7}$/)
    expect(revision).toBe(1)
    expect(refusal(await act(id, 'analyse'))).toBe('409 PROBLEM.NOT_ASSESSED')
    await toFix(id)
    await done(id, 'hold', { holdReason: 'awaiting vendor' })
    expect(refusal(await act(id, 'resolve', { notes: 'Done' }))).toBe('409 PROBLEM.ON_HOLD')
    await done(id, 'resume')
    await done(id, 'resolve', { notes: 'A larger disk.' })
    expect(refusal(await act(id, 'close'))).toBe('403 ROLE.REQUIRED')
    expect(refusal(await act(id, 'close', {}, 'lea'))).toBe('409 PROBLEM.REVIEW_REQUIRED')
    await done(id, 'review', { conclusion: 'Found late.', actions: ['Watch the disk'] })
    const { position } = await done(id, 'close', {}, 'lea')
    expect(await read(id)).toMatchObject({
      state: 'Closed',
      outcome: 'fix applied',
      resolutionNotes: 'A larger disk.',
      priority: 1,
      rootCause: 'The spool is on a small disk.',
      links: [{ relation: 'fixed-by-change', targetType: 'change', target: 'CHG0000001' }],
      review: { conclusion: 'Found late.', by: 'ann' },
      entered: { New: expect.any(String), 'Fix in Progress': expect.any(String) },
    })
    const past = succeeded(await desk.as('ann').get(`/problems/${id}/history`))
    expect(past.items[0]).toMatchObject({ what: 'Opened, reactive', who: { actor: 'ann' } })
    expect(past.items.map(({ type }: Entry) => type)).toContain('ProblemResolved')
    const list = async (filter: string) =>
      succeeded(await desk.as('audrey').get('/problems', { filter, minPosition: position })).items.map(
        ({ number }: { number: string }) => number,
      )
    expect(await list('outcome = "fix applied" AND fixedByChanges:"CHG0000001"')).toEqual([id])
    expect(await list('state = "New"')).toEqual([])
  })

  it('names every field that is wrong, and shows requesters nothing', async () => {
    const wrong = await desk
      .as('ann')
      .post('/problems', { title: 'x', incidents: ['INC0000001', 'INC9999999'] })
    expect(refusal(wrong)).toBe('400 PROBLEM.INCIDENT_UNKNOWN')
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toContain('/incidents/1')
    const { id } = await problem()
    for (const path of [
      '/problems',
      `/problems/${id}`,
      `/problems/${id}/history`,
      `/problems/${id}/incidents`,
    ])
      expect((await desk.as('rita').get(path)).status).toBe(403)
    expect(refusal(await desk.as('ann').get('/problems/PRB9999999'))).toBe('404 PROBLEM.UNKNOWN')
    expect(refusal(await act('PRB9999999', 'assess'))).toBe('404 PROBLEM.UNKNOWN')
  })

  it('that is marked the duplicate of one that is marked its duplicate at the same moment goes on, or the other does', async () => {
    for (let n = 0; n < 15; n++) {
      const [one, other] = [(await problem()).id, (await problem()).id]
      const answers = await Promise.all([
        act(one, 'duplicate', { survivor: other }),
        act(other, 'duplicate', { survivor: one }),
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const states = [(await read(one)).state, (await read(other)).state]
      expect(states.sort()).toEqual(['Closed', 'New'])
    }
  })

  it('is listed as it was, by whatever field, as far as who asks may see it now', async () => {
    const { id } = await problem({ category: 'Past', impact: 1, urgency: 1 })
    const { position: asOf } = await done(id, 'assess')
    await done(id, 'hold', { holdReason: 'awaiting vendor' })
    const { position: minPosition } = await done(id, 'cancel', { notes: 'None' })
    const list = async (query: Record<string, string>, person: 'ann' | 'ben' = 'ann') =>
      succeeded(
        await desk.as(person).get('/problems', { filter: 'category = "Past"', minPosition, ...query }),
      ).items.map(({ number, state }: Record<string, string>) => [number, state])
    expect(await list({})).toEqual([[id, 'Closed']])
    expect(await list({ asOf })).toEqual([[id, 'Assess']])
    expect(await list({ asOf, filter: 'category = "Past" AND priority = 1 AND onHold = true' })).toEqual([])
    expect(await list({ validAt: '2020-01-01T00:00:00Z' })).toEqual([])
    const audience = { kind: 'groups', groups: ['Network'] }
    const restricted = await done(id, 'audience', { audience })
    expect(await list({ asOf, minPosition: restricted.position })).toEqual([])
    expect(await list({ asOf, minPosition: restricted.position }, 'ben')).toEqual([[id, 'Assess']])
  })

  it('has files, which those may read who see it', async () => {
    const { id } = await problem()
    const attach = (type: string, person = 'ann') =>
      desk.as(person).attachTo(`/problems/${id}/attachments`, { name: 'spool.log', type, content: 'Full' })
    const { revision } = succeeded(await attach('text/plain'))
    expect(succeeded(await attach('text/plain')).revision).toBe(revision)
    expect(refusal(await attach('application/x-msdownload'))).toBe('415 ATTACHMENT.TYPE')
    expect((await attach('text/plain', 'rita')).status).toBe(403)
    const { attachments } = await read(id)
    expect(attachments).toMatchObject([{ name: 'spool.log', size: 4, addedBy: 'ann' }])
    const path = `/problems/${id}/attachments/${attachments[0].hash}`
    const file = await desk.as('audrey').get(path)
    expect([file.status, file.body.toString()]).toEqual([200, 'Full'])
    expect(file.headers.get('content-disposition')).toContain('spool.log')
    expect((await desk.as('rita').get(path)).status).toBe(403)
    const other = `/problems/${(await problem()).id}/attachments/${attachments[0].hash}`
    expect(refusal(await desk.as('ann').get(other))).toBe('404 ATTACHMENT.UNKNOWN')
    const none = await desk
      .as('ann')
      .attachTo('/problems/PRB9999999/attachments', { name: 'a.txt', type: 'text/plain', content: 'a' })
    expect(refusal(none)).toBe('404 PROBLEM.UNKNOWN')
  })

  it('is found as a known error by what people notice, whatever words its title has', async () => {
    const { id } = await problem({ title: 'Defect 4711', symptom: 'wobbling screen', service: 'Displays' })
    await done(id, 'workaround', { workaround: 'Press the frobnicator' })
    const { position } = await done(id, 'known-error')
    const find = async (person: 'ann' | 'rita', q: string) =>
      succeeded(
        await desk.as(person).get('/search', {
          q,
          ...(person === 'ann' && { filter: 'type = "problem" AND knownError = true' }),
          minPosition: position,
        }),
      ).items
    for (const q of ['wobbling', 'screen wobbl', 'frobnicator', 'displays', id])
      expect([q, await find('ann', q)]).toEqual([
        q,
        [expect.objectContaining({ type: 'problem', number: id, state: 'New', knownError: true })],
      ])
    expect((await find('ann', 'frobnicator'))[0].excerpt).toMatchObject({ field: 'workaround' })
    for (const q of ['wobbling', id]) expect(await find('rita', q)).toEqual([])
  })

  it('opened with incidents is linked to them; the workaround of a known error reaches each once', async () => {
    const [one, two] = [await desk.opened(), await desk.opened()]
    const { id } = await problem({ incidents: [one, two] })
    for (const number of [one, two]) await isLinked(number, id)
    await done(id, 'workaround', { workaround: 'Empty the spool.' })
    await done(id, 'known-error')
    for (const number of [one, two])
      await eventually('it is told', async () => (await workarounds(number)).length === 1)
    // Linked later, by hand
    const later = await desk.opened()
    await desk.done('ann', later, 'links', { relation: 'has-problem', targetType: 'problem', target: id })
    await eventually('it is told, too', async () => (await workarounds(later)).length === 1)
    await done(id, 'workaround', { workaround: 'Restart the spooler.' })
    for (const number of [one, two, later])
      await eventually('it is told the second', async () => (await workarounds(number)).length === 2)
    await done(id, 'link-incidents', { incidents: [one] })
    expect(await workarounds(one)).toEqual(['Empty the spool.', 'Restart the spooler.'])
    const { position } = await done(id, 'work-notes', { text: 'All are told.' })
    const { items } = succeeded(
      await desk.as('ann').get(`/problems/${id}/incidents`, { minPosition: position }),
    )
    expect(items.map(({ number }: { number: string }) => number).sort()).toEqual([one, two, later].sort())
    const [told] = (await history(one)).filter(({ what }) => what === `Workaround of ${id}`)
    expect(told?.who.actor).toBe('system:incident_follow_problems')
  })

  it('a restricted incident is neither linked by who may not see it, nor shown', async () => {
    const secret = await desk.opened({ audience: { kind: 'groups', groups: ['Network'] } }, 'ben')
    expect(refusal(await desk.as('ann').post('/problems', { title: 'x', incidents: [secret] }))).toBe(
      '400 PROBLEM.INCIDENT_UNKNOWN',
    )
    const { id } = succeeded(await desk.as('ben').post('/problems', { title: 'x', incidents: [secret] }))
    const listed = async (person: string) =>
      succeeded(await desk.as(person).get(`/problems/${id}/incidents`)).items.length
    await eventually('it is linked', async () => (await listed('ben')) === 1)
    expect(await listed('ann')).toBe(0)
    // Nor by the history of a problem that everybody at the desk may read
    const open = await desk.opened()
    succeeded(await desk.as('ben').post(`/problems/${id}/link-incidents`, { incidents: [open, secret] }))
    const named = async (person: string) =>
      succeeded(await desk.as(person).get(`/problems/${id}/history`))
        .items.filter(({ type }: Entry) => type === 'ProblemIncidentsNamed')
        .map(({ what }: Entry) => what)
    expect(await named('ben')).toEqual([`Incidents named: ${secret}`, `Incidents named: ${open}, ${secret}`])
    expect(await named('ann')).toEqual(['Incidents named: none that you may see', `Incidents named: ${open}`])
  })

  it('what begins to wait afterwards, or is open again, catches up; of two problems it waits for both', async () => {
    const [late, again, both] = [await desk.opened(), await desk.opened(), await desk.opened()]
    const { id } = await problem({ incidents: [late, again, both] })
    const other = (await problem({ incidents: [both] })).id
    for (const number of [late, again, both]) await isLinked(number, id)
    await isLinked(both, other)
    await desk.done('ann', both, 'hold', { holdReason: 'awaiting-problem' })
    await desk.done('ann', again, 'resolve', { code: 'fixed', notes: 'Restarted' })
    await done(id, 'assess')
    await done(id, 'workaround', { workaround: 'Restart.' })
    await done(id, 'known-error')
    await eventually('the open ones are told', async () => (await workarounds(both)).length === 1)
    expect(await workarounds(again)).toEqual([])
    await desk.done('ann', again, 'reopen', { reason: 'It is back' })
    await eventually('it is told once it is open again', async () => (await workarounds(again)).length === 1)
    await done(id, 'accept-risk', { notes: 'It goes in May.' }, 'lea')
    await desk.done('ann', late, 'hold', { holdReason: 'awaiting-problem' })
    await eventually(
      'nothing is to be waited for',
      async () => (await incident(late)).state === 'In Progress',
    )
    expect((await incident(both)).state).toBe('On Hold')
    await done(other, 'cancel', { notes: 'There is none.' })
    await eventually('neither goes on', async () => (await incident(both)).state === 'In Progress')
  })

  it('analysed again, it tells its workaround to those that were linked while it was resolved', async () => {
    const { id } = await problem()
    await done(id, 'workaround', { workaround: 'Restart.' })
    await done(id, 'known-error')
    await toFix(id)
    await done(id, 'resolve', { notes: 'A larger disk.' })
    const number = await desk.opened()
    await done(id, 'link-incidents', { incidents: [number] })
    await isLinked(number, id)
    expect(await workarounds(number)).toEqual([])
    await done(id, 'reanalyse', { notes: 'It is back.' })
    await eventually('it is told', async () => (await workarounds(number)).length === 1)
  })

  it('resolves incidents that wait for its fix, or resumes them, as the setting says', async () => {
    const held = await waiting()
    const other = await desk.opened()
    await desk.done('ann', other, 'hold', { holdReason: 'awaiting-vendor' })
    const { id } = await problem({ incidents: [held, other] })
    for (const number of [held, other]) await isLinked(number, id)
    await toFix(id)
    await done(id, 'resolve', { notes: 'A larger disk.' })
    await eventually('it is resolved', async () => (await incident(held)).state === 'Resolved')
    expect(await incident(held)).toMatchObject({ resolution: { code: 'problem-fixed' } })
    expect((await incident(other)).state).toBe('On Hold')

    const setting = { heldIncidentsAtFix: 'resume', reviewUpToPriority: null }
    succeeded(await desk.as('adam').put('/settings/problem', setting))
    const again = await waiting()
    const next = await problem({ incidents: [again] })
    await isLinked(again, next.id)
    await toFix(next.id)
    await done(next.id, 'resolve', { notes: 'A larger disk.' })
    await eventually('it is resumed', async () => (await incident(again)).state === 'In Progress')
  })

  it('resumes what waits when the risk is accepted, by a team lead, or the problem is canceled', async () => {
    const [one, two] = [await waiting(), await waiting()]
    const risky = await problem({ incidents: [one] })
    const none = await problem({ incidents: [two] })
    await isLinked(one, risky.id)
    await isLinked(two, none.id)
    await done(risky.id, 'assess')
    expect(refusal(await act(risky.id, 'accept-risk', { notes: 'It goes in May.' }))).toBe(
      '403 ROLE.REQUIRED',
    )
    await done(risky.id, 'accept-risk', { notes: 'It goes in May.' }, 'lea')
    await done(none.id, 'cancel', { notes: 'There is none.' })
    for (const number of [one, two])
      await eventually('it is resumed', async () => (await incident(number)).state === 'In Progress')
    expect(await read(none.id)).toMatchObject({ state: 'Closed', outcome: 'canceled' })
  })

  it('hands its incidents to the survivor when it is a duplicate; those wait on, and hear what is known there', async () => {
    const held = await waiting()
    const survivor = (await problem()).id
    await done(survivor, 'workaround', { workaround: 'Restart.' })
    await done(survivor, 'known-error')
    const { id } = await problem({ incidents: [held] })
    await isLinked(held, id)
    await done(id, 'duplicate', { survivor })
    await eventually('it has gone over', async () => `${await problemsOf(held)}` === survivor)
    await eventually('it is told', async () => (await workarounds(held)).length === 1)
    expect((await incident(held)).state).toBe('On Hold')
    expect(await read(id)).toMatchObject({ state: 'Closed', outcome: 'duplicate', survivor })
    const late = await desk.opened()
    await desk.done('ann', late, 'links', { relation: 'has-problem', targetType: 'problem', target: id })
    await eventually('it goes over, too', async () => `${await problemsOf(late)}` === survivor)
  })

  it('and its tasks stand in the queue of their group, each until it is done', async () => {
    const { id } = await problem({ group: 'Network', impact: 1, urgency: 1 })
    const { position } = await done(id, 'tasks', { title: 'Measure the spool', group: 'Network' })
    const queue = async (minPosition: string) =>
      succeeded(
        await desk.as('ben').get('/queues/Network', { filter: `state != "Resolved"`, minPosition }),
      ).items.filter(({ number }: { number: string }) => number.startsWith(id))
    expect(await queue(position)).toEqual([
      expect.objectContaining({ type: 'problem', number: id, state: 'New', priority: 1 }),
      expect.objectContaining({
        type: 'problem-task',
        number: `${id}/T1`,
        problem: id,
        state: 'Open',
        priority: 1,
      }),
    ])
    const finished = await done(id, 'finish-task', { task: 'T1', result: 'done' })
    expect(await queue(finished.position)).toHaveLength(1)
    const canceled = await done(id, 'cancel', { notes: 'None.' })
    expect(await queue(canceled.position)).toEqual([])
  })
})
