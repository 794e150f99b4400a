import type { ReadStore } from '#libs/read-store'
import { onMongodb, temporaryMongodbReadStore } from '../libs/testing/mongodb-servers.js'
import { temporaryReadStore } from '../libs/testing/temporary-read-store.js'
import { at, Desk } from './forensics.fixture.js'

const [DB, SHOP, SELLING, OTHER] = ['CI0000001', 'CI0000002', 'CI0000003', 'CI0000009'] as const
const IMPORTED = { channel: 'import' } as const

/** A service on an application on a database; what was done to them on 1 March, and the incidents around that. */
async function told(desk: Desk): Promise<void> {
  await desk.registered(DB, 'server', 'orders-db', at(0, 0, -60))
  await desk.registered(SHOP, 'web-application', 'shop', at(0, 0, -60))
  await desk.registered(SELLING, 'business-service', 'selling', at(0, 0, -60))
  await desk.registered(OTHER, 'server', 'mail-01', at(0, 0, -60))
  await desk.related('one', 'runs-on', SHOP, DB, at(0, 0, -60))
  await desk.related('two', 'depends-on', SELLING, SHOP, at(0, 0, -60))
  for (const [i, day] of [-80, -50, -30, -10].entries())
    await desk.opened(`INC000000${i + 1}`, SHOP, at(9, 0, day))

  // Five days before: too early to be asked about
  await desk.modified(DB, at(12, 0, -4), 'cpu')

  await desk.planned('CHG0000001', [DB], at(8))
  await desk.approved('CHG0000001', at(9))
  await desk.begun('CHG0000001', at(10))
  await desk.modified(DB, at(10, 30), 'ramGigabytes', { change: 'CHG0000001' })
  await desk.ended('CHG0000001', at(11), 'with issues')
  await desk.planned('CHG0000002', [], at(9), 'configuration-commit')
  await desk.modified(SHOP, at(9), 'url', { change: 'CHG0000002' }, IMPORTED)
  await desk.modified(DB, at(11, 30), 'osVersion', {}, { actor: 'ben' })
  // Of no concern: another item, and a change that nobody has implemented
  await desk.modified(OTHER, at(11, 40), 'osVersion')
  await desk.planned('CHG0000004', [DB], at(11))
  // Between the time when it was detected and when somebody wrote it down
  await desk.modified(DB, at(11, 50), 'ipAddress')
  await desk.opened('INC0000010', SELLING, at(12), { detectedAt: at(11, 45) })

  // Told afterwards of what had been before
  await desk.told(`ci-${DB}`, at(11, 40), { type: 'CiCorrected', data: { attributes: { cpu: 'old' } } })
  await desk.planned('CHG0000003', [SHOP], at(8, 0, 2), 'emergency')
  const data = {
    startedAt: at(11, 15),
    implementer: 'ivan',
    ratifyBy: at(8, 0, 3),
    settingsVersion: 1,
    round: 1,
    period: { start: at(11), end: at(12) },
  }
  await desk.told('change-CHG0000003', at(8, 1, 2), { type: 'ImplementedBeforeApproval', data })
}

function suite(name: string, open: () => { store: ReadStore; dispose(): Promise<void> }) {
  describe(`What changed before an incident, on ${name}`, () => {
    let desk: Desk
    let readStore: ReturnType<typeof open>
    beforeAll(async () => {
      readStore = open()
      desk = new Desk(readStore.store)
      await told(desk)
      await desk.start()
    }, 60_000)
    afterAll(async () => {
      await desk.stop()
      await readStore.dispose()
    })

    it('is told from the item upstream, with the reasons, and nothing of what nobody knew then', async () => {
      const { items, ...answer } = await desk.suspects('INC0000010')
      expect(answer).toMatchObject({
        onset: { at: at(11, 45), basis: 'detectedAt' },
        from: at(11, 45, -2),
        cis: [SELLING],
        itemsInScope: 3,
        count: 3,
        truncated: false,
        validAt: at(11, 45),
      })
      expect(items.map(({ kind, change, at: when }) => [kind, change, when])).toEqual([
        ['modification', undefined, at(11, 30)],
        ['change', 'CHG0000001', at(11)],
        ['configuration-commit', 'CHG0000002', at(9)],
      ])
      const [bare, change, commit] = items
      expect(bare).toMatchObject({ verdict: 'no-change', distance: 2, minutesBefore: 15 })
      expect(bare?.modifications).toEqual([
        expect.objectContaining({ actor: 'ben', values: { osVersion: at(11, 30) }, verdict: 'no-change' }),
      ])
      expect(change).toMatchObject({
        title: 'Change CHG0000001',
        outcome: 'with issues',
        verdict: 'authorised',
        minutesBefore: 45,
        cis: [{ number: DB, name: 'orders-db', level: 2 }],
        modificationCount: 1,
      })
      expect(change?.reasons.map(({ text }) => text)).toEqual([
        '2 steps upstream: depends-on shop, runs-on orders-db',
        '45 min before it',
        'Outcome: with issues',
        'Authorised',
      ])
      expect(commit).toMatchObject({ distance: 1, verdict: 'not-assessable', minutesBefore: 165 })
      for (const { score, reasons } of items)
        expect(score).toBeCloseTo(
          reasons.reduce((sum, { points }) => sum + points, 0),
          5,
        )
    })

    it('includes what was told afterwards for whoever asks with hindsight', async () => {
      const { items } = await desk.suspects('INC0000010', { asOf: await desk.log.head() })
      const changes = items.flatMap(({ change }) => change ?? [])
      expect(changes.sort()).toEqual(['CHG0000001', 'CHG0000002', 'CHG0000003'])
      const early = items.find(({ change }) => change === 'CHG0000003')
      expect(early).toMatchObject({ verdict: 'not-approved', at: at(11, 45), distance: 1 })
      expect(early?.reasons[2]?.text).toBe('Not ended by then')
      const corrected = items
        .flatMap(({ modifications }) => modifications)
        .filter(({ type }) => type === 'CiCorrected')
      expect(corrected).toHaveLength(1)
    })

    it('knows a change by what was known of it: neither how it ended nor that it was approved', async () => {
      // Recorded while the change was still at work
      await desk.planned('CHG0000020', [OTHER], at(8, 0, 5))
      await desk.begun('CHG0000020', at(9, 0, 5))
      await desk.opened('INC0000020', OTHER, at(10, 0, 5))
      await desk.ended('CHG0000020', at(11, 0, 5), 'failed')
      const { items } = await desk.suspects('INC0000020', { hours: 24 })
      expect(items).toMatchObject([
        {
          change: 'CHG0000020',
          state: 'Implement',
          verdict: 'not-approved',
          at: at(10, 0, 5),
          minutesBefore: 0,
        },
      ])
      expect(items[0]).not.toHaveProperty('outcome')
    })

    it('suspects what was still at work then, however long before it began', async () => {
      const [ended, open, over] = ['CHG0000025', 'CHG0000026', 'CHG0000027'] as const
      for (const number of [ended, open, over]) {
        await desk.planned(number, ['CI0000025'], at(8, 0, 5))
        await desk.begun(number, at(9, 0, 5))
      }
      await desk.ended(over, at(10, 0, 5), 'failed')
      await desk.opened('INC0000025', 'CI0000025', at(12, 0, 20))
      await desk.ended(ended, at(11, 0, 21), 'successful')
      const { items } = await desk.suspects('INC0000025', { hours: 24 })
      expect(items.map(({ change }) => change).sort()).toEqual([ended, open])
      expect(items[0]).toMatchObject({ state: 'Implement', minutesBefore: 0 })
    })

    it('looks no farther back than it is asked to', async () => {
      const count = async (hours: number) => (await desk.suspects('INC0000010', { hours })).count
      expect(await count(1)).toBe(2)
      expect(await count(200)).toBe(4)
    })

    it('takes the graph as it stood then: what was not related yet is not upstream', async () => {
      await desk.related('three', 'depends-on', OTHER, DB, at(11, 44))
      await desk.opened('INC0000021', OTHER, at(11, 43))
      await desk.opened('INC0000022', OTHER, at(11, 45))
      const near = async (number: string) => (await desk.suspects(number)).itemsInScope
      expect(await near('INC0000021')).toBe(1)
      expect(await near('INC0000022')).toBe(2)
      const { items } = await desk.suspects('INC0000022')
      const related = items.find(({ modifications }) => modifications[0]?.relation === 'three')
      expect(related).toMatchObject({
        distance: 0,
        cis: [{ number: OTHER }, { number: DB }],
        modifications: [{ type: 'CiRelated', relationType: 'depends-on', present: true }],
      })
      expect(related).not.toHaveProperty('verdict')
      expect(related?.modifications[0]).not.toHaveProperty('source')
    })

    it('says which items the configuration does not know, and still finds changes of them', async () => {
      await desk.planned('CHG0000030', ['legacy-7'], at(8, 0, 6))
      await desk.begun('CHG0000030', at(9, 0, 6))
      await desk.opened('INC0000030', 'legacy-7', at(10, 0, 6))
      expect(await desk.suspects('INC0000030')).toMatchObject({
        unknownCis: ['legacy-7'],
        items: [{ change: 'CHG0000030', distance: 0 }],
      })
    })
  })

  describe(`What followed a change, on ${name}`, () => {
    let desk: Desk
    let readStore: ReturnType<typeof open>
    beforeAll(async () => {
      readStore = open()
      desk = new Desk(readStore.store)
      await told(desk)
      // On the application by name, on the service, on the database
      const later = [SHOP, 'shop', SELLING, DB, SHOP]
      for (const [i, ci] of later.entries()) await desk.opened(`INC000003${i}`, ci, at(13 + i))
      // Neither of these is one more
      await desk.opened('INC0000040', SHOP, at(14), { detectedAt: at(9) })
      await desk.opened('INC0000041', SHOP, at(14))
      await desk.told('incident-INC0000041', at(15), {
        type: 'IncidentCanceled',
        data: { code: 'x', notes: '' },
      })
      await desk.opened('INC0000042', SHOP, at(14))
      await desk.told('incident-INC0000042', at(15), { type: 'ParentLinked', data: { parent: 'INC0000030' } })
      await desk.opened('INC0000043', OTHER, at(14))
      await desk.opened('INC0000044', SHOP, at(12, 0, 4))
      await desk.told('change-CHG0000001', at(16), {
        type: 'ChangeLinked',
        data: { link: { relation: 'caused', targetType: 'incident', target: 'INC0000030' } },
      })
      await desk.start()
    }, 60_000)
    afterAll(async () => {
      await desk.stop()
      await readStore.dispose()
    })

    it('is counted on its items and downstream, against what they had before', async () => {
      const impact = await desk.impact('CHG0000001')
      expect(impact).toMatchObject({
        startedAt: at(10),
        cis: [DB],
        itemsInScope: 3,
        // 72 hours after its end; the records begin with the first incident, 80 days and more before
        observed: { from: at(10), to: at(11, 0, 4), hours: 73, count: 6 },
        baseline: { from: at(9, 0, -80), to: at(10), count: 5 },
        verdict: 'more than usual',
        truncated: false,
      })
      const { statistic, baseline, items, summary } = impact
      expect(statistic.test).toContain('Przyborowski and Wilenski')
      expect(statistic.expected).toBeCloseTo((5 * 73) / baseline.hours, 9)
      expect(statistic.pValue).toBeLessThan(0.0001)
      expect(items.map(({ number, level }) => [number, level])).toEqual([
        ['INC0000010', 2],
        ['INC0000030', 1],
        ['INC0000031', 1],
        ['INC0000032', 2],
        ['INC0000033', 0],
        ['INC0000034', 1],
      ])
      expect(items[1]).toMatchObject({ declared: true, minutesAfter: 180 })
      expect(summary).toMatch(/^6 in 73 h .*: more than usual \(.* times the usual rate, p = /)
    })

    it('tells of a fix that what came back stays away', async () => {
      for (let day = 1; day <= 28; day += 3)
        await desk.opened(`INC00005${10 + day}`, 'CI0000066', at(9, 0, day - 40))
      await desk.planned('CHG0000060', ['CI0000066'], at(8))
      await desk.begun('CHG0000060', at(9))
      await desk.ended('CHG0000060', at(10), 'successful')
      const impact = await desk.impact('CHG0000060', { hours: 720 })
      expect(impact).toMatchObject({
        observed: { count: 0 },
        baseline: { count: 10 },
        verdict: 'fewer than usual',
      })
      expect(impact.statistic.pFewer).toBeLessThan(0.05)
      expect(impact.summary).toContain('fewer than usual')
      // Three days are not enough to say so
      expect((await desk.impact('CHG0000060')).verdict).not.toBe('fewer than usual')
    })

    it('is too little to tell where next to nothing happened', async () => {
      await desk.planned('CHG0000050', ['CI0000077'], at(8))
      await desk.begun('CHG0000050', at(9))
      await desk.ended('CHG0000050', at(9, 30), 'successful')
      expect(await desk.impact('CHG0000050')).toMatchObject({
        observed: { count: 0 },
        verdict: 'too little to tell',
        summary: expect.stringContaining('too little to tell'),
      })
    })

    it('says that there is nothing to compare with where records began later', async () => {
      await desk.planned('CHG0000051', [SHOP], at(8, 0, -100))
      await desk.begun('CHG0000051', at(9, 0, -100))
      await desk.ended('CHG0000051', at(10, 0, -70), 'successful')
      const { baseline, verdict, summary } = await desk.impact('CHG0000051', { hours: 24 * 60 })
      expect(baseline).toMatchObject({ from: at(9, 0, -100), to: at(9, 0, -100), hours: 0, count: 0 })
      expect(verdict).toBe('too little to tell')
      expect(summary).toContain('nothing to compare them with')
    })

    it('is not asked of what was not implemented', async () => {
      await expect(desk.impact('CHG0000004')).rejects.toMatchObject({ code: 'CHANGE.NOT_IMPLEMENTED' })
      await expect(desk.impact('CHG9999999')).rejects.toMatchObject({ code: 'CHANGE.UNKNOWN' })
    })
  })
}

suite('SQLite', temporaryReadStore)
onMongodb('Forensics', (server) => suite('MongoDB', () => temporaryMongodbReadStore(server)))
