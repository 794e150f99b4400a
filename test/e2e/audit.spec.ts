import { createHash } from 'node:crypto'
import { eventually } from '#libs/testing'
import { Desk, type Person, refusal, succeeded } from './desk.js'

interface Finding {
  id: string
  question: string
  record: string
  events: string[]
  persons: string[]
  details: string[]
  standing: boolean
  verdicts?: { verdict: string; change?: string }[]
  disposition?: string
  reviewer?: string
}

describe('The audit', () => {
  let desk: Desk
  let ci: string

  beforeAll(async () => {
    desk = await Desk.open()
    const item = { class: 'server', name: 'db-01', attributes: { ramGigabytes: 8 } }
    ci = succeeded(await desk.as('chris').post('/configuration-items', item)).id
  })
  afterAll(() => desk.close())

  const modify = async (attributes: object, more: object = {}, by: Person = 'ann') =>
    succeeded(await desk.as(by).post(`/configuration-items/${ci}/change`, { attributes, ...more }))
  const findings = async (filter: string, minPosition?: string): Promise<Finding[]> =>
    succeeded(await desk.as('audrey').get('/audit/findings', { filter, minPosition })).items

  const extract = async (query: object = {}) => {
    const answer = await desk.as('audrey').get('/audit/changes', query as never)
    const lines = (answer.body as string).split('\n')
    const end = lines.findIndex((line) => !line.startsWith('# '))
    return { head: lines.slice(0, end), rest: lines.slice(end).join('\n') }
  }

  /** What is told to whoever follows events. */
  const detected = (verdict: string): Promise<object> =>
    eventually(`the detection of ${verdict}`, async () => {
      const streams = [`judgement-${ci}`]
      const { items } = succeeded(await desk.as('audrey').get('/events', { streams, limit: 10 }))
      return items.find(({ data }: { data: { verdict?: string } }) => data.verdict === verdict)?.data
    })

  it('finds a modification without a change, names the events behind it, and keeps its verdict when one is linked', async () => {
    const { position } = await modify({ ramGigabytes: 16 })
    const asked = 'question = "modification-outside-change"'
    const [found] = await findings(asked, position)
    expect(found).toMatchObject({
      record: ci,
      persons: ['ann'],
      details: ['ramGigabytes'],
      standing: true,
      verdicts: [{ verdict: 'no-change' }],
    })
    const { items } = succeeded(await desk.as('audrey').get('/events', { streams: [`ci-${ci}`], limit: 100 }))
    expect(items.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(found!.events))

    expect(await detected('no-change')).toMatchObject({ by: 'ann' })

    const { id: change } = succeeded(
      await desk.as('ann').post('/changes', { type: 'normal', title: 'Too late', affectedCis: [ci] }),
    )
    const link = { relation: 'related-to', targetType: 'configuration-item', target: ci }
    const linked = succeeded(await desk.as('ann').post(`/changes/${change}/links`, link))
    const [again] = await findings(asked, linked.position)
    expect(again?.verdicts).toMatchObject([{ verdict: 'no-change' }, { verdict: 'not-approved', change }])
    expect(await detected('not-approved')).toMatchObject({ change })
  })

  it('is read by auditors and administrators only, and every reading is on record', async () => {
    for (const person of ['rita', 'ann', 'chris', 'ana'] as const)
      for (const path of ['/audit/findings', '/audit/changes'])
        expect(refusal(await desk.as(person).get(path))).toBe('403 ROLE.REQUIRED')
    succeeded(await desk.as('adam').get('/audit/findings', { filter: 'standing = true', pageSize: 5 }))
    // Nor do headers of commands make two of them one
    const key = { headers: { 'idempotency-key': '"k"', 'if-match': '"99"' }, offContract: true }
    for (const filter of ['question = "audit-data-read"', 'standing = false'])
      succeeded(await desk.as('adam').get('/audit/findings', { filter }, key))
    const read = await eventually('the reading', async () => {
      const found = await findings('question = "audit-data-read" AND persons:"adam"')
      return found.length >= 3 && found
    })
    expect(read).toHaveLength(3)
    expect(read.map(({ details }) => details[0])).toEqual(['json', 'json', 'json'])
  })

  it('is on record, too, when it is read in the log, however it is asked for', async () => {
    const read = async () =>
      (
        await findings(
          'question = "audit-data-read" AND record = "audit events in the log" AND persons:"adam"',
        )
      ).length
    const before = await read()
    for (const streams of [['finding-'], ['judgement-'], ['auditread-'], undefined])
      succeeded(await desk.as('adam').get('/events', { streams, limit: 1_000 }))
    succeeded(await desk.as('adam').get('/events', { streams: ['incident-'] }))
    await eventually('the readings', async () => (await read()) >= before + 4)
    expect(await read()).toBe(before + 4)
  })

  it('is extracted as CSV that says how it came to be, with a digest that can be computed again', async () => {
    const { head, rest } = await extract({ from: '2020-01-01T00:00:00Z' })
    expect(head.at(-1)).toBe(
      `# SHA-256 of all lines below: ${createHash('sha256').update(rest).digest('hex')}`,
    )
    expect(head).toEqual(expect.arrayContaining(['# extracted by: audrey']))
    expect(head.find((line) => line.startsWith('# rows: '))).toBe(
      `# rows: ${rest.trim().split('\n').length - 1}`,
    )
    expect(rest).toContain('modification-outside-change')
    const none = await extract({ to: '2020-01-01T00:00:00Z' })
    expect(none.head).toContain('# rows: 0')
  })

  it('is refused of a time that ends before it begins, which would look like nothing found', async () => {
    const reversed = { from: '2027-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }
    for (const path of ['/audit/findings', '/audit/changes', '/audit/samples'] as const)
      expect(refusal(await desk.as('audrey').get(path, reversed))).toBe('400 AUDIT.PERIOD_MALFORMED')
  })

  it('is extracted again as it stood then, whatever was said and found since', async () => {
    const [found] = await findings('question = "modification-outside-change"')
    const before = await extract()
    const asOf = /^# position: (\d+)$/m.exec(before.head.join('\n'))![1]!
    const wish = { disposition: 'justified', comment: '=HYPERLINK("http://example.org")' }
    succeeded(await desk.as('audrey').post(`/audit/findings/${found!.id}/dispose`, wish))
    await modify({ ramGigabytes: 64 })
    const after = await extract()
    expect(after.rest).toContain(`"'=HYPERLINK(`)
    expect(after.rest).not.toBe(before.rest)
    const again = await extract({ asOf })
    expect(again.rest).toBe(before.rest)
    expect(again.head.at(-1)).toBe(before.head.at(-1))
    const { body, status } = await desk.as('audrey').get('/audit/changes', { asOf: '9'.repeat(20) })
    expect(refusal({ body, status } as never)).toBe('400 POSITION.UNKNOWN')
  })

  it('is judged by auditors, but not of what they did themselves', async () => {
    const [found] = await findings('question = "modification-outside-change"')
    const wish = { disposition: 'deficiency', comment: 'Nobody had asked' }
    const path = `/audit/findings/${found!.id}/dispose`
    expect(refusal(await desk.as('adam').post(path, wish))).toBe('403 ROLE.REQUIRED')
    const { position } = succeeded(await desk.as('audrey').post(path, wish))
    const [judged] = await findings('disposition = "deficiency"', position)
    expect(judged).toMatchObject({ id: found!.id, ...wish, reviewer: 'audrey' })

    const own = await eventually('her own reading', async () => {
      const read = await findings('question = "audit-data-read" AND persons:"audrey"')
      return read[0]
    })
    expect(refusal(await desk.as('audrey').post(`/audit/findings/${own.id}/dispose`, wish))).toBe(
      '403 AUDIT.OWN_FINDING',
    )
    const unknown = `/audit/findings/${'0'.repeat(8)}-0000-4000-8000-000000000000/dispose`
    expect(refusal(await desk.as('audrey').post(unknown, wish))).toBe('404 AUDIT.UNKNOWN_FINDING')
  })
})
