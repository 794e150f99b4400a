import { Desk, refusal, succeeded } from './desk.js'

describe('Settings', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const publish = (name: string, body: object, ifMatch?: number) =>
    desk.as('adam').put(`/settings/${name}`, body, { ifMatch })
  const setting = async (name: string) => succeeded(await desk.as('ann').get(`/settings/${name}`))
  const read = async (number: string) => succeeded(await desk.as('ann').get(`/incidents/${number}`))

  it('have versions; a decision keeps the one that was in force', async () => {
    expect(await setting('priority-matrix')).toMatchObject({ version: 0, revision: -1 })
    const before = await desk.opened({ impact: 1, urgency: 1 })
    const matrix = {
      impacts: ['1', '2'],
      urgencies: ['1', '2'],
      priorities: ['1', '2', '3'],
      cells: [
        [2, 3],
        [3, 3],
      ],
    }
    const { revision } = succeeded(await publish('priority-matrix', matrix))
    expect(await setting('priority-matrix')).toMatchObject({ version: 1, content: matrix, revision })
    const after = await desk.opened({ impact: 1, urgency: 1 })
    expect(await read(before)).toMatchObject({ priority: 1, matrixVersion: 0 })
    expect(await read(after)).toMatchObject({ priority: 2, matrixVersion: 1 })
    await desk.done('ann', before, 'prioritize', { urgency: 2 })
    expect(await read(before)).toMatchObject({ priority: 3, matrixVersion: 1 })
  })

  it('are not overwritten unseen', async () => {
    const unpublished = await desk.as('ann').get('/settings/hold-reasons')
    expect([unpublished.body.revision, unpublished.headers.get('etag')]).toEqual([-1, '"-1"'])
    const { revision } = succeeded(await publish('hold-reasons', { reasons: [reason('lunch')] }, -1))
    expect((await publish('hold-reasons', { reasons: [reason('late')] }, -1)).status).toBe(412)
    succeeded(await publish('hold-reasons', { reasons: [reason('tea')] }, revision))
    expect((await publish('hold-reasons', { reasons: [reason('sleep')] }, revision)).status).toBe(412)
    const number = await desk.opened()
    expect(refusal(await desk.as('ann').post(`/incidents/${number}/hold`, { holdReason: 'lunch' }))).toBe(
      '400 INCIDENT.HOLD_REASON_UNKNOWN',
    )
    await desk.done('ann', number, 'hold', { holdReason: 'tea' })
  })

  it('that make no sense are refused, with the field', async () => {
    const cells = [[1, 2], [3]]
    const incomplete = await publish('priority-matrix', {
      impacts: ['1', '2'],
      urgencies: ['1', '2'],
      priorities: ['1'],
      cells,
    })
    expect(incomplete.status).toBe(400)
    expect(incomplete.body.errors[0].pointer).toMatch(/^\/cells/)
    const rules = [{ name: 'x', when: {}, group: 'Nobodies', colour: 'red' }]
    expect(
      (await desk.as('adam').put('/settings/assignment-rules', { rules }, { offContract: true })).status,
    ).toBe(400)
  })

  it('assign to groups that exist only', async () => {
    const rules = [
      { name: 'Mail to the desk', when: { category: 'Mail' }, group: 'Service Desk' },
      { name: 'All to nobodies', when: {}, group: 'Nobodies' },
    ]
    const answer = await publish('assignment-rules', { rules })
    expect(refusal(answer)).toBe('400 SETTINGS.GROUP_UNKNOWN')
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/rules/1/group'])
  })

  it('assign by rule, and say which one it was', async () => {
    const rules = [{ name: 'Mail to the desk', when: { category: 'Mail' }, group: 'Service Desk' }]
    succeeded(await publish('assignment-rules', { rules }))
    const number = await desk.opened({ category: 'Mail' })
    expect(await read(number)).toMatchObject({
      assignmentGroup: 'Service Desk',
      assignmentRule: { name: 'Mail to the desk', version: 1 },
    })
  })

  it.each([
    ['problem', { title: 'Custom' }],
    ['change', { title: 'Custom', type: 'normal' }],
  ])('declare custom fields of a %s, which are checked and can be filtered', async (type, opened) => {
    const schema = {
      type: 'object',
      properties: { supplier: { type: 'string' }, secret: { type: 'string' } },
      additionalProperties: false,
    }
    succeeded(await publish(`custom-fields-${type}`, { schema, filterable: ['supplier'] }))
    const open = (customFields: object) => desk.as('ann').post(`/${type}s`, { ...opened, customFields })
    const { id } = succeeded(await open({ supplier: 'ACME', secret: 'S1' }))
    expect(refusal(await open({ supplier: 1 }))).toBe(`400 ${type.toUpperCase()}.CUSTOM_FIELDS_INVALID`)
    const edited = await desk.as('ann').post(`/${type}s/${id}/edit`, { customFields: { secret: null } })
    const { position: minPosition } = succeeded(edited)
    const list = (filter: string) => desk.as('ann').get(`/${type}s`, { filter, minPosition })
    const { items } = succeeded(await list('custom:"supplier=ACME"'))
    expect(items).toEqual([expect.objectContaining({ number: id, customFields: { supplier: 'ACME' } })])
    expect(refusal(await list('custom:"secret=S1"'))).toBe('400 FILTER.CUSTOM_FIELD')
  })

  it('declare custom fields, which are checked and can be filtered', async () => {
    const schema = {
      type: 'object',
      properties: { costCentre: { type: 'string', pattern: '^[0-9]{4}$' }, secret: { type: 'string' } },
      additionalProperties: false,
    }
    succeeded(await publish('custom-fields-incident', { schema, filterable: ['costCentre'] }))
    const { id, position } = succeeded(
      await desk.as('ann').post('/incidents', { title: 'Custom', customFields: { costCentre: '4711' } }),
    )
    expect(
      (await desk.as('ann').post('/incidents', { title: 'Custom', customFields: { costCentre: 'x' } }))
        .status,
    ).toBe(400)
    expect(
      (await desk.as('ann').post('/incidents', { title: 'Custom', customFields: { colour: 'red' } })).status,
    ).toBe(400)
    const query = { filter: 'custom:"costCentre=4711"', minPosition: position }
    expect(
      succeeded(await desk.as('ann').get('/incidents', query)).items.map(
        ({ number }: { number: string }) => number,
      ),
    ).toEqual([id])
    for (const filter of [
      'custom:"secret=S1"',
      'custom:"nothing=1"',
      'custom:costCentre',
      'state = "New" AND NOT (custom:"costCentre=4711" OR custom:"secret=S1")',
    ]) {
      expect([filter, refusal(await desk.as('ann').get('/incidents', { filter }))]).toEqual([
        filter,
        '400 FILTER.CUSTOM_FIELD',
      ])
    }
  })

  it('have calendars and windows, with every field that makes no sense named', async () => {
    const weekly = {
      kind: 'recurring',
      zone: 'Europe/Berlin',
      frequency: 'weekly',
      byDay: ['SU'],
      firstDay: '2026-01-01',
      from: '02:00',
      minutes: 240,
    }
    const windows = [{ name: 'Sunday', appliesTo: { classes: ['server'] }, window: weekly }]
    const calendars = [
      {
        name: 'Office',
        zone: 'Europe/Berlin',
        hours: [{ day: 'MO', from: '09:00', to: '17:00' }],
        holidays: [{ date: '12-25', name: 'Christmas Day' }],
      },
    ]
    for (const name of ['maintenance-windows', 'blackout-windows']) {
      expect((await setting(name)).content).toEqual([])
      succeeded(await publish(name, { windows }))
      expect(await setting(name)).toMatchObject({ version: 1, content: windows })
    }
    succeeded(await publish('calendars', { calendars }))
    expect(await setting('calendars')).toMatchObject({ version: 1, content: calendars })
    const wrong = [{ ...windows[0], window: { ...weekly, zone: 'Europe/Nowhere', byDay: ['2SU'] } }]
    const answer = await publish('blackout-windows', { windows: wrong })
    expect(refusal(answer)).toBe('400 SETTINGS.BLACKOUT_WINDOWS_MALFORMED')
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/windows/0/window/zone',
      '/windows/0/window/byDay/0',
    ])
  })

  const reason = (code: string) => ({ code, label: code, commentRequired: false, awaitsCaller: false })
})
