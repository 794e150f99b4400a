import { createHash } from 'node:crypto'
import { strFromU8, unzipSync } from 'fflate'
import { canonicalHash } from '#libs/event-sourcing'
import { eventually as soon } from '#libs/testing'
import type { Evidence, EvidenceEvent } from '../../src/audit/evidence/evidence.js'
import type { EvidenceManifest } from '../../src/audit/evidence/evidence-archive.js'
import type { EvidenceFile } from '../../src/audit/evidence/evidence-files.js'
import { Desk, type Person, refusal, succeeded } from './desk.js'

const eventually: typeof soon = (what, condition) => soon(what, condition, 30_000)

const HOUR = 3_600_000
const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString()

interface Archive {
  files: Record<string, Uint8Array>
  manifest: EvidenceManifest
  evidence: Evidence
  events: EvidenceEvent[]
}

describe('The evidence of a change', () => {
  let desk: Desk
  let ci: string
  let number: string

  beforeAll(async () => {
    desk = await Desk.open()
    succeeded(await desk.as('adam').post('/groups/Network/change', { manager: 'lea' }))
    const item = { class: 'server', name: 'db-01', attributes: { ramGigabytes: 8 } }
    ci = succeeded(await desk.as('chris').post('/configuration-items', item)).id
    number = await implemented('More <b>memory</b>', { implementation: 'Put it in & count it.' })
  })
  afterAll(() => desk.close())

  const done = async (by: Person, change: string, verb: string, body: object = {}) =>
    succeeded(await desk.as(by).post(`/changes/${change}/${verb}`, body))
  const recorded = (change: string, type: string) =>
    eventually(`${type} of ${change}`, async () => {
      const query = { streams: [`change-${change}`], limit: 500 }
      const { items } = succeeded(await desk.as('audrey').get('/events', query))
      return items.find((event: { type: string }) => event.type.split('.').at(-2) === type)
    })

  /** From its opening to its review. */
  async function implemented(title: string, more: object = {}): Promise<string> {
    const body = {
      ...{
        type: 'normal',
        title,
        group: 'Network',
        affectedCis: [ci],
        backout: 'Take it out.',
        test: 'Count.',
      },
      implementation: 'Put it in.',
      window: { start: at(-60_000), end: at(4 * HOUR) },
      proposedValues: [{ ci, attributes: { ramGigabytes: 8 + Math.ceil(Math.random() * 1_000) } }],
      ...more,
    }
    const change = succeeded(await desk.as('ann').post('/changes', body)).id
    await done('ann', change, 'assess')
    await done('ann', change, 'assess-risk')
    await done('ann', change, 'submit')
    const { approval, hash } = (await recorded(change, 'ChangeApprovalAsked')).data
    await eventually(
      'the round',
      async () => (await desk.as('lea').get(`/approvals/${approval}`)).status === 200,
    )
    succeeded(await desk.as('lea').post(`/approvals/${approval}/grant`, { hash, comment: 'Go on.' }))
    await recorded(change, 'ChangeApproved')
    await done('ben', change, 'implement')
    await done('ben', change, 'end-implementation', { outcome: 'successful', notes: 'It is in.' })
    await eventually('what was proposed', async () => {
      const { items } = succeeded(
        await desk.as('audrey').get('/events', { streams: [`ci-${ci}`], limit: 500 }),
      )
      return items.some(({ data }: { data: { change?: string } }) => data.change === change)
    })
    await done('ann', change, 'review', { objectivesMet: true, conclusion: 'It is faster.' })
    return change
  }

  async function taken(query: Record<string, string> = {}, by: Person = 'audrey'): Promise<Archive> {
    // Prism takes every body for text
    const past = { offContract: true }
    const { body } = await desk.as(by).get(`/audit/changes/${number}/evidence.zip`, query, past)
    const files = unzipSync(body)
    const json = <Content>(name: string) => JSON.parse(strFromU8(files[name]!)) as Content
    return {
      files,
      manifest: json('manifest.json'),
      evidence: json('evidence.json'),
      events: json('events.json'),
    }
  }

  it('tells the plan as approved, who approved it with which roles, what was done, and what the items were like', async () => {
    const { evidence } = await taken()
    expect(evidence.state).toMatchObject({ number, requester: 'ann', implementer: 'ben' })
    const [round] = evidence.rounds
    expect(round).toMatchObject({
      purpose: 'authorization',
      outcome: 'approved',
      document: { plan: { implementation: 'Put it in & count it.', affectedCis: [ci] } },
      answers: [{ answer: 'granted', approver: 'lea', comment: 'Go on.' }],
    })
    const { roles } = round!.answers[0]!
    const { items } = succeeded(
      await desk.as('audrey').get('/events', { streams: ['person-lea'], limit: 100 }),
    )
    expect(roles.map(({ role }) => role)).toContain('team-lead')
    for (const { grant } of roles) expect(items.map(({ id }: { id: string }) => id)).toContain(grant)
    expect(evidence.implementation).toMatchObject({ implementer: 'ben', outcome: 'successful' })
    expect(evidence.modifications).toMatchObject([{ ci, attribute: 'ramGigabytes', before: 8 }])
    expect(evidence.review).toMatchObject({ conclusion: 'It is faster.', by: 'ann' })
  })

  it('has digests that can be computed again, and every event in it stands in the log', async () => {
    const { files, manifest, evidence, events } = await taken()
    expect(digestsThatDiffer(files, manifest)).toEqual([])
    for (const { document, hash, computedHash } of evidence.rounds)
      expect([canonicalHash(document), computedHash]).toEqual([hash, hash])
    const streams = [...new Set(events.map(({ stream }) => stream))]
    expect(streams).toEqual(expect.arrayContaining([`change-${number}`, `ci-${ci}`]))
    const log = new Map<string, object>()
    for (const stream of streams) {
      const { items } = succeeded(await desk.as('audrey').get('/events', { streams: [stream], limit: 500 }))
      for (const event of items) log.set(event.id, event.data)
    }
    for (const { id, data } of events) expect(log.get(id)).toEqual(data)
  })

  it('with one byte changed it is found (counter-proof)', async () => {
    const { files, manifest } = await taken()
    const altered = Uint8Array.from(files['events.json']!)
    altered[altered.length - 10]! ^= 1
    expect(digestsThatDiffer({ ...files, 'events.json': altered }, manifest)).toEqual(['events.json'])
  })

  it('is the same again as of the same position, whatever happened since', async () => {
    const first = await taken()
    await done('ann', number, 'comments', { text: 'Thank you' })
    const again = await taken({ asOf: first.manifest.position })
    for (const name of ['evidence.html', 'evidence.json', 'events.json'])
      expect(Buffer.compare(again.files[name]!, first.files[name]!)).toBe(0)
    const later = await taken()
    expect(later.events.length).toBe(first.events.length + 1)
  })

  it('reads as a page that escapes what people wrote', async () => {
    const page = strFromU8((await taken()).files['evidence.html']!)
    expect(page).toContain('More &lt;b&gt;memory&lt;/b&gt;')
    expect(page).toContain('Put it in &amp; count it.')
    expect(page).not.toContain('<b>memory')
  })

  it('has the files that were attached by then, with digests that can be computed again', async () => {
    const before = await taken()
    expect(before.evidence.attachments).toEqual([])
    expect(strFromU8(before.files['evidence.html']!)).toContain('No file was attached.')
    const attach = (name: string, content: string | Uint8Array<ArrayBuffer>, type = 'text/plain') =>
      desk.as('ben').attachTo(`/changes/${number}/attachments`, { name, type, content })
    const picture = Uint8Array.from({ length: 5_000 }, (_, index) => (index * 7_919) % 256)
    succeeded(await attach('count & <b>sum<b>.txt', 'It is 64.'))
    succeeded(await attach('rack.png', picture, 'image/png'))

    const { files, manifest, evidence, events } = await taken()
    expect(evidence.attachments).toMatchObject([
      { name: 'count & <b>sum<b>.txt', contentType: 'text/plain', size: 9, by: 'ben' },
      { name: 'rack.png', contentType: 'image/png', size: 5_000, by: 'ben', file: 'attachments/2-rack.png' },
    ])
    const told = evidence.attachments as readonly EvidenceFile[]
    for (const { file, hash, event, size } of told) {
      expect(digestOf(files[file!]!)).toBe(hash)
      expect(manifest.files[file!]).toEqual({ sha256: hash, bytes: size })
      expect(events.find(({ id }) => id === event)).toMatchObject({
        type: 'ChangeFileAttached',
        data: { hash },
      })
    }
    expect(strFromU8(files[told[0]!.file!]!)).toBe('It is 64.')
    expect(Buffer.compare(files['attachments/2-rack.png']!, picture)).toBe(0)
    expect(digestsThatDiffer(files, manifest)).toEqual([])
    const altered = Uint8Array.from(picture)
    altered[4_000]! ^= 1
    expect(digestsThatDiffer({ ...files, 'attachments/2-rack.png': altered }, manifest)).toEqual([
      'attachments/2-rack.png',
    ])
    const page = strFromU8(files['evidence.html']!)
    expect(page).toContain('count &amp; &lt;b&gt;sum&lt;b&gt;.txt')
    for (const { hash } of told) expect(page).toContain(hash)

    // As of earlier positions it is what it was
    succeeded(await attach('later.txt', 'Later'))
    const again = await taken({ asOf: manifest.position })
    expect(Object.keys(again.files).sort()).toEqual(Object.keys(files).sort())
    for (const name of Object.keys(again.manifest.files))
      expect(Buffer.compare(again.files[name]!, files[name]!)).toBe(0)
    const none = await taken({ asOf: before.manifest.position })
    expect(Object.keys(none.files).sort()).toEqual(Object.keys(before.files).sort())
    expect(Object.keys((await taken()).files)).toContain('attachments/3-later.txt')
  })

  it('is taken out by auditors and administrators only, and that is on record', async () => {
    for (const person of ['rita', 'ann', 'chris'] as const)
      expect(refusal(await desk.as(person).get(`/audit/changes/${number}/evidence.zip`))).toBe(
        '403 ROLE.REQUIRED',
      )
    expect(refusal(await desk.as('audrey').get('/audit/changes/CHG9999999/evidence.zip'))).toBe(
      '404 CHANGE.UNKNOWN',
    )
    await taken({}, 'adam')
    await eventually('the record of it', async () => {
      const filter = 'question = "audit-data-read" AND persons:"adam" AND record = "evidence of a change"'
      return succeeded(await desk.as('audrey').get('/audit/findings', { filter })).items.length === 1
    })
  })

  describe('A sample of changes', () => {
    const drawn = async (query: Record<string, string | number>) =>
      succeeded(await desk.as('audrey').get('/audit/samples', query))

    it('is the same for the same seed and position, and can be drawn by anybody', async () => {
      const more = [await implemented('Second'), await implemented('Third')]
      const population = [number, ...more]
      await eventually('all three', async () => (await drawn({ seed: 'a' })).population === 3)
      const digest = (seed: string, one: string) =>
        createHash('sha256').update(`${seed}\n${one}`).digest('hex')
      for (const seed of ['a', 'b', 'c', 'd']) {
        const sample = await drawn({ seed, size: 2 })
        const expected = [...population].sort((x, y) => (digest(seed, x) < digest(seed, y) ? -1 : 1))
        expect(sample.items.map((item: { number: string }) => item.number)).toEqual(expected.slice(0, 2))
      }
      const first = await drawn({ seed: 'a', size: 2 })
      await implemented('Fourth')
      await eventually('the fourth', async () => (await drawn({ seed: 'a' })).population === 4)
      const { position, ...again } = await drawn({ seed: 'a', size: 2, asOf: first.position })
      expect({ position, ...again }).toEqual(first)
    })

    it('is of a time, tells how many it was drawn from, and makes up a seed when none is given', async () => {
      const none = await drawn({ to: '2020-01-01T00:00:00Z' })
      expect(none).toMatchObject({ population: 0, notAssessable: 0, items: [], size: 25 })
      expect(none.seed).toHaveLength(36)
    })
  })
})

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Names of files whose digest is not the manifest's. */
function digestsThatDiffer(files: Record<string, Uint8Array>, { files: told }: EvidenceManifest): string[] {
  return Object.keys(told).filter((name) => digestOf(files[name]!) !== told[name]!.sha256)
}
