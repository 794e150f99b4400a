import { eventually } from '#libs/testing'
import { Desk, refusal, succeeded } from './desk.js'

const DAY = 86_400_000
const daysAgo = (days: number) => new Date(Date.now() - days * DAY).toISOString()

describe('Service configuration', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
  })
  afterAll(() => desk.close())

  const register = (body: object, key?: string, by = 'ann') =>
    desk.as(by).post('/configuration-items', body, { key })
  const registered = async (name: string, body: object = {}): Promise<string> =>
    succeeded(await register({ class: 'server', name, ...body })).id
  const act = (id: string, verb: string, body: object = {}, by = 'ann') =>
    desk.as(by).post(`/configuration-items/${id}/${verb}`, body)
  /** Types and data of a stream, as the log has them. */
  const told = async (stream: string): Promise<{ type: string; data: object; time: string }[]> => {
    const { items } = succeeded(await desk.as('audrey').get('/events', { streams: stream, limit: 1_000 }))
    return items.map(({ type, data, time }: { type: string; data: object; time: string }) => ({
      type: type.split('.').at(-2) ?? '',
      data,
      time,
    }))
  }
  const typesOf = async (stream: string) => (await told(stream)).map(({ type }) => type)

  it('registers a CI, and changes of it only what differs', async () => {
    const reply = await register({ class: 'server', name: 'db-01', attributes: { ramGigabytes: 8 } })
    expect(reply.status).toBe(201)
    const { id, revision } = succeeded(reply)
    expect(id).toMatch(/^CI\d{7}$/)
    expect(reply.headers.get('location')).toBe(`/configuration-items/${id}`)
    const attributes = { ramGigabytes: 16, osFamily: 'Linux' }
    const changed = succeeded(await act(id, 'change', { attributes, change: 'CHG0000001' }))
    expect(changed.revision).toBe(revision + 1)
    expect(succeeded(await act(id, 'change', { attributes })).revision).toBe(changed.revision)
    expect((await told(`ci-${id}`)).at(-1)).toMatchObject({
      type: 'CiChanged',
      data: {
        changes: {
          ramGigabytes: { before: 8, after: 16 },
          osFamily: { before: null, after: 'Linux' },
        },
        change: 'CHG0000001',
        classesVersion: 0,
      },
    })
  })

  it('names every attribute that is wrong, and every field', async () => {
    const attributes = { ramGigabytes: 'much', colour: 'red' }
    const reply = await register({ class: 'server', name: 'bad-01', attributes })
    expect(refusal(reply)).toBe('400 CI.ATTRIBUTES_INVALID')
    expect(reply.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/attributes/ramGigabytes',
      '/attributes/colour',
    ])
    const nested = { class: 'server', name: 'bad-01', attributes: { a: { b: 1 } } }
    expect(refusal(await desk.as('ann').post('/configuration-items', nested, { offContract: true }))).toBe(
      '400 REQUEST.INVALID',
    )
    expect(refusal(await register({ class: 'spaceship', name: 'bad-01' }))).toBe('400 CI.CLASS_UNKNOWN')
  })

  it('gives a name to one of many who want it at once', async () => {
    const wishes = Array.from({ length: 20 }, () => register({ class: 'server', name: 'contested' }))
    const replies = await Promise.all(wishes)
    const done = replies.filter(({ status }) => status === 201)
    expect(done).toHaveLength(1)
    for (const reply of replies.filter(({ status }) => status !== 201)) {
      expect(refusal(reply)).toBe('409 CI.NAME_TAKEN')
      expect(reply.body.ci).toMatch(/^CI\d{7}$/)
    }
    const { id } = succeeded(done[0]!)
    succeeded(await act(id, 'rename', { name: 'settled' }))
    expect(await registered('contested')).not.toBe(id)
    expect(refusal(await act(id, 'rename', { name: 'contested' }))).toBe('409 CI.NAME_TAKEN')
  })

  it('answers a repeat under the same key with the same, also many at once and after a retirement', async () => {
    const body = { class: 'server', name: 'keyed-01' }
    const many = await Promise.all(Array.from({ length: 20 }, () => register(body, 'ci-key')))
    const [first] = many.map(succeeded)
    for (const reply of many) expect(succeeded(reply)).toEqual(first)
    expect(refusal(await register({ ...body, name: 'keyed-02' }, 'ci-key'))).toBe(
      '422 IDEMPOTENCY_KEY.REUSED',
    )
    succeeded(await act(first.id, 'retire'))
    expect(succeeded(await register(body, 'ci-key'))).toEqual(first)
    expect(await registered('keyed-01')).not.toBe(first.id)
    expect(await typesOf(`ci-${first.id}`)).toEqual(['CiProposed', 'CiRegistered', 'CiRetired'])
  })

  it('follows the classes that are published, with what they inherit', async () => {
    const { content } = succeeded(await desk.as('ann').get('/settings/ci-classes'))
    const attributes = {
      seats: { schema: { type: 'integer', minimum: 1 }, presence: 'required', changeControlled: true },
    }
    const room = {
      name: 'meeting-room',
      label: 'Room',
      parent: 'configuration-item',
      abstract: false,
      attributes,
    }
    const classes = [...content, room]
    succeeded(await desk.as('adam').put('/settings/ci-classes', { classes }))
    const of = (given: object) => register({ class: 'meeting-room', name: 'Blue', attributes: given })
    expect(refusal(await of({}))).toBe('400 CI.ATTRIBUTES_INVALID')
    const { id } = succeeded(await of({ seats: 8, location: 'First floor' }))
    expect((await told(`ci-${id}`)).at(-1)?.data).toMatchObject({ classesVersion: 1 })
    const round = [
      { ...room, name: 'a', parent: 'b' },
      { ...room, name: 'b', parent: 'a' },
    ]
    expect(refusal(await desk.as('adam').put('/settings/ci-classes', { classes: round }))).toBe(
      '400 SETTINGS.CI_CLASSES_MALFORMED',
    )
  })

  it('corrects the past with a right and a reason, at the time it is about', async () => {
    const id = await registered('corrected-01')
    const validFrom = new Date().toISOString()
    const body = { validFrom, attributes: { ramGigabytes: 12 } }
    expect(refusal(await act(id, 'correct', { ...body, reason: 'Counted' }))).toMatch(/^403/)
    expect(refusal(await act(id, 'correct', body, 'chris'))).toBe('400 CI.REASON_REQUIRED')
    const early = { ...body, validFrom: daysAgo(1), reason: 'Counted' }
    expect(refusal(await act(id, 'correct', early, 'chris'))).toBe('409 CI.NOT_THERE_YET')
    const late = { ...body, validFrom: daysAgo(-1), reason: 'Counted' }
    expect(refusal(await act(id, 'correct', late, 'chris'))).toBe('400 CI.TIMES_INVALID')
    succeeded(await act(id, 'correct', { ...body, reason: 'Counted' }, 'chris'))
    expect((await told(`ci-${id}`)).at(-1)).toMatchObject({
      type: 'CiCorrected',
      data: { attributes: { ramGigabytes: 12 } },
      time: validFrom,
    })
  })

  it('relates CIs and names, the same whichever way round it is said', async () => {
    const id = await registered('related-01')
    const relate = (body: object) => desk.as('ann').post('/configuration/relations', body)
    const target = { name: 'esx-07', class: 'hypervisor' }
    const { id: relation, revision } = succeeded(
      await relate({ type: 'runs-on', source: { ci: id }, target }),
    )
    const turned = succeeded(await relate({ type: 'runs', source: target, target: { ci: id } }))
    expect(turned).toMatchObject({ id: relation, revision })
    succeeded(await desk.as('ann').post(`/configuration/relations/${relation}/unrelate`, {}))
    const past = { type: 'runs-on', source: { ci: id }, target, present: true, validFrom: daysAgo(9) }
    const corrected = await desk
      .as('chris')
      .post('/configuration/relations/correct', { ...past, until: daysAgo(8), reason: 'It ran there' })
    expect(succeeded(corrected).id).toBe(relation)
    expect(await typesOf(`relation-${relation}`)).toEqual(['CiRelated', 'CiUnrelated', 'RelationCorrected'])
    const wrong = await relate({ type: 'loves', source: { ci: 'CI9999999' }, target: { name: 'x' } })
    expect(refusal(wrong)).toBe('400 RELATION.INVALID')
    const both = { type: 'runs-on', source: { ci: id, name: 'x' }, target }
    expect(refusal(await desk.as('ann').post('/configuration/relations', both, { offContract: true }))).toBe(
      '400 REQUEST.INVALID',
    )
  })

  it('names a point on both time axes', async () => {
    const take = (body: object) => desk.as('chris').post('/configuration/baselines', body)
    const { id } = succeeded(await take({ name: 'before the move' }))
    const [taken] = await told(`baseline-${id}`)
    expect(taken?.data).toMatchObject({ name: 'before the move', asOf: expect.stringMatching(/^\d{20}$/) })
    expect(refusal(await take({ name: 'before the move' }))).toBe('409 BASELINE.NAME_TAKEN')
    expect(refusal(await take({ name: 'later', validAt: daysAgo(-1) }))).toBe('400 BASELINE.IN_THE_FUTURE')
    expect(refusal(await take({ name: 'nowhere', asOf: '00000000000009999999' }))).toBe(
      '400 POSITION.UNKNOWN',
    )
  })

  describe('takes what a source saw', () => {
    const discover = async (source: string, run: string, items: object[], key?: string) =>
      succeeded(
        await desk.as('service:monitoring').post('/configuration/discovery', { source, run, items }, { key }),
      )
    const seen = (name: string, attributes: object = {}) => ({ class: 'server', name, attributes })

    it('for the CI that it is, and registers what is none', async () => {
      const item = seen('seen-01', { serialNumber: 'SEEN-1', ramGigabytes: 8 })
      const first = await discover('vcenter', '1', [
        item,
        seen('seen-02'),
        seen('seen-03', { colour: 'red' }),
      ])
      expect(first.results).toMatchObject([
        { outcome: 'registered' },
        { outcome: 'registered' },
        { outcome: 'refused', code: 'CI.ATTRIBUTES_INVALID' },
      ])
      const { ci } = first.results[0]
      // By its serial number, whatever it is called
      const again = [seen('called-otherwise', { serialNumber: 'SEEN-1', ramGigabytes: 16 }), seen('seen-02')]
      const second = await discover('vcenter', '2', again)
      expect(second.results).toMatchObject([{ outcome: 'reconciled', ci }, { outcome: 'reconciled' }])
      expect(await typesOf(`ci-${ci}`)).toEqual([
        'CiProposed',
        'CiRegistered',
        'CiSourceValuesRecorded',
        'CiChanged',
      ])
      const runs = await told('discovery-vcenter')
      expect(runs.map(({ data }) => (data as { seen: string[] }).seen.length)).toEqual([2, 2])
    })

    it('once under the same key', async () => {
      const items = [seen('keyed-seen', { serialNumber: 'KEYED-1' })]
      const [first, second] = [
        await discover('keyed', '1', items, 'run'),
        await discover('keyed', '1', items, 'run'),
      ]
      expect(second.results[0].ci).toBe(first.results[0].ci)
      expect(await typesOf(`ci-${first.results[0].ci}`)).toEqual(['CiProposed', 'CiRegistered'])
    })

    it('and asks a person when it may be several', async () => {
      const twins = [await registered('twin-a', TWIN), await registered('twin-b', TWIN)]
      const item = seen('twin-c', TWIN.attributes)
      const { results, position: opened } = await discover('vcenter', '3', [item])
      expect(results).toMatchObject([{ outcome: 'review' }])
      const { review } = results[0]
      expect((await told(`reconciliation-${review}`)).at(-1)?.data).toMatchObject({
        candidates: [...twins].sort(),
      })
      const listed = async (status: string, minPosition: string) => {
        const filter = `status = "${status}"`
        const asked = desk.as('ann').get('/configuration/reviews', { filter, minPosition })
        return succeeded(await asked).items.find(({ id }: { id: string }) => id === review)
      }
      expect(await listed('open', opened)).toMatchObject({ item, candidates: [...twins].sort() })
      const decision = { decision: 'same-as', ci: twins[1] }
      const { position } = succeeded(
        await desk.as('ann').post(`/configuration/reviews/${review}/resolve`, decision),
      )
      expect(await listed('resolved', position)).toMatchObject({ ...decision, resolvedBy: 'ann' })
      expect(await listed('open', position)).toBeUndefined()
      await eventually('applied', async () =>
        (await typesOf(`ci-${twins[1]}`)).includes('CiSourceValuesRecorded'),
      )
      expect(await typesOf(`ci-${twins[0]}`)).toEqual(['CiProposed', 'CiRegistered'])
      expect((await discover('vcenter', '4', [item])).results).toMatchObject([
        { outcome: 'reconciled', ci: twins[1] },
      ])
    })
  })
})

const TWIN = { attributes: { serialNumber: 'TWIN' } }
