import type { ReadStore } from '#libs/read-store'
import { principal } from '#projections/principals.fixture'
import { onMongodb, temporaryMongodbReadStore } from '../libs/testing/mongodb-servers.js'
import { temporaryReadStore } from '../libs/testing/temporary-read-store.js'
import { at, Desk } from './forensics.fixture.js'
import type { ProblemEvent } from './problems/domain/problem.events.js'

const SPOOLER = 'CI0000001'

const problem = (desk: Desk, number: string, when: string, event: ProblemEvent) =>
  desk.told(`problem-${number}`, when, event)

/** Opened on the tenth day before the fix. */
async function found(desk: Desk, number: string, about: object): Promise<void> {
  const data = { title: `Problem ${number}`, affectedCis: [], origin: 'reactive' as const, ...about }
  await problem(desk, number, at(9, 0, -9), { type: 'ProblemOpened', data })
}
const resolvedByFix = (desk: Desk, number: string, when: string) =>
  problem(desk, number, when, {
    type: 'ProblemResolved',
    data: { notes: 'A larger disk', heldIncidents: 'resolve', settingsVersion: 0 },
  })
const fixedBy = (desk: Desk, number: string, change: string) =>
  problem(desk, number, at(8), {
    type: 'ProblemLinked',
    data: { link: { relation: 'fixed-by-change', targetType: 'change', target: change } },
  })
async function implemented(desk: Desk, change: string, from: string, to: string, outcome: string) {
  await desk.planned(change, [SPOOLER], from)
  await desk.begun(change, from)
  await desk.ended(change, to, outcome)
}

/** Every third day from `first` on; 1 is the day of the fix. */
async function repeated(desk: Desk, series: number, first: number, count: number, about: object) {
  for (let i = 0; i < count; i++)
    await desk.told(`incident-INC${series}${String(i).padStart(3, '0')}`, at(9, 0, first + 3 * i), {
      type: 'IncidentOpened',
      data: { title: `Slow ${series}`, audience: { kind: 'public' }, ...about },
    } as never)
}

function suite(name: string, open: () => { store: ReadStore; dispose(): Promise<void> }) {
  describe(`How often a problem comes back, on ${name}`, () => {
    let desk: Desk
    let readStore: ReturnType<typeof open>
    beforeAll(async () => {
      readStore = open()
      desk = new Desk(readStore.store)
      await desk.registered(SPOOLER, 'server', 'spooler-1', at(0, 0, -60))
      // Twenty before, by number and by name; two of something else; one after
      await repeated(desk, 1000, -59, 10, { primaryCi: SPOOLER })
      await repeated(desk, 1001, -29, 10, { primaryCi: 'spooler-1' })
      await repeated(desk, 1002, -29, 2, { primaryCi: 'another' })
      await desk.opened('INC2000001', SPOOLER, at(9, 0, 20), {})
      await desk.told('incident-INC2000001', at(10, 0, 20), {
        type: 'LinkAdded',
        data: { link: { relation: 'has-problem', targetType: 'problem', target: 'PRB0000001' } },
      } as never)
      // Began before the fix; while it was being fixed; and three that are none
      await desk.opened('INC2000002', SPOOLER, at(9, 0, 5), { detectedAt: at(7) })
      await desk.opened('INC2000003', SPOOLER, at(11))
      await desk.opened('INC2000004', SPOOLER, at(9, 0, 6))
      await desk.told('incident-INC2000004', at(10, 0, 6), {
        type: 'IncidentCanceled',
        data: { code: 'x', notes: '' },
      })
      await found(desk, 'PRB0000001', { affectedCis: [SPOOLER], category: 'printing' })
      await implemented(desk, 'CHG0000001', at(10), at(12), 'successful')
      await fixedBy(desk, 'PRB0000001', 'CHG0000001')
      await resolvedByFix(desk, 'PRB0000001', at(12, 0, 4))
      await desk.start()
    }, 60_000)
    afterAll(async () => {
      await desk.stop()
      await readStore.dispose()
    })

    it('is counted on its items, before its fixing change began and after that had ended', async () => {
      const rate = await desk.repeatRate('PRB0000001')
      expect(rate).toMatchObject({
        kind: { by: 'configuration items', cis: [SPOOLER] },
        fix: { basis: 'changes', changes: ['CHG0000001'], startedAt: at(10), endedAt: at(12) },
        before: { from: at(9, 0, -59), to: at(10), count: 21 },
        after: { from: at(12), to: at(12, 0, 91), hours: 90 * 24, count: 1 },
        during: 1,
        unknownCis: [],
        verdict: 'fewer than before',
        items: [{ number: 'INC2000001', hoursAfter: 453, linked: true }],
      })
      const { statistic, before, after } = rate
      expect(statistic.expected).toBeCloseTo((21 / before.hours) * after.hours, 9)
      expect(statistic.pValue).toBeLessThan(0.001)
      expect(statistic.pMore).toBeGreaterThan(0.99)
      expect(rate.summary).toMatch(/^1 in the 90 days since the fix; .*: fewer than before \(/)
    })

    it('looks no farther than it is asked to, and then there may be too little to tell', async () => {
      const rate = await desk.repeatRate('PRB0000001', { days: 4 })
      expect(rate).toMatchObject({
        before: { from: at(10, 0, -3), hours: 96, count: 2 },
        after: { to: at(12, 0, 5), count: 0 },
        verdict: 'too little to tell',
      })
      expect(rate.summary).toContain('too little to tell')
    })

    it('has nothing to be compared with where no incident was recorded before the fix', async () => {
      const kind = { service: 'telephony' }
      const data = { title: 'Old', affectedCis: [], origin: 'reactive' as const, ...kind }
      await problem(desk, 'PRB0000007', at(9, 0, -75), { type: 'ProblemOpened', data })
      await repeated(desk, 1007, -50, 3, kind)
      await resolvedByFix(desk, 'PRB0000007', at(9, 0, -70))
      const rate = await desk.repeatRate('PRB0000007')
      expect(rate).toMatchObject({
        before: { hours: 0, count: 0 },
        after: { count: 3 },
        verdict: 'too little to tell',
      })
      expect(rate.summary).toContain('nothing to compare them with')
      // Fixed a month later there is (counter-proof)
      await problem(desk, 'PRB0000008', at(9, 0, -75), { type: 'ProblemOpened', data })
      await resolvedByFix(desk, 'PRB0000008', at(9, 0, -30))
      expect((await desk.repeatRate('PRB0000008')).summary).not.toContain('nothing to compare them with')
    })

    it('is counted from when it was resolved where no change that fixes it has ended well', async () => {
      await found(desk, 'PRB0000002', { affectedCis: [SPOOLER, 'gone-7'] })
      await implemented(desk, 'CHG0000002', at(10, 0, 2), at(12, 0, 2), 'backed out')
      await fixedBy(desk, 'PRB0000002', 'CHG0000002')
      await fixedBy(desk, 'PRB0000002', 'CHG9999999')
      await expect(desk.repeatRate('PRB0000002')).rejects.toMatchObject({ code: 'PROBLEM.NOT_FIXED' })
      await resolvedByFix(desk, 'PRB0000002', at(12, 0, 4))
      expect(await desk.repeatRate('PRB0000002')).toMatchObject({
        fix: { basis: 'resolution', changes: [], startedAt: at(12, 0, 4), endedAt: at(12, 0, 4) },
        unknownCis: ['gone-7'],
        during: 0,
      })
    })

    it('of a problem without items is counted by what describes it, and may be more than before', async () => {
      const kind = { service: 'mail', category: 'delay' }
      await found(desk, 'PRB0000003', kind)
      await repeated(desk, 1003, -20, 2, kind)
      await repeated(desk, 1004, 2, 20, kind)
      // Neither is of the kind
      await repeated(desk, 1005, 2, 1, { service: 'mail', category: 'other' })
      await repeated(desk, 1006, 2, 1, { service: 'other', category: 'delay' })
      await resolvedByFix(desk, 'PRB0000003', at(8))
      expect(await desk.repeatRate('PRB0000003', { days: 60 })).toMatchObject({
        kind: { by: 'description', service: 'mail', category: 'delay' },
        before: { count: 2 },
        after: { count: 20 },
        verdict: 'more than before',
      })
    })

    it('takes what was done before it was last analysed again for no fix', async () => {
      await found(desk, 'PRB0000004', { affectedCis: [SPOOLER] })
      await fixedBy(desk, 'PRB0000004', 'CHG0000001')
      expect((await desk.repeatRate('PRB0000004')).fix.basis).toBe('changes')
      await problem(desk, 'PRB0000004', at(12, 0, 6), {
        type: 'ProblemReanalysed',
        data: { from: 'Fix in Progress', outcome: null, notes: 'It is back' },
      })
      await expect(desk.repeatRate('PRB0000004')).rejects.toMatchObject({ code: 'PROBLEM.NOT_FIXED' })
      await implemented(desk, 'CHG0000004', at(10, 0, 7), at(12, 0, 7), 'with issues')
      await fixedBy(desk, 'PRB0000004', 'CHG0000004')
      expect((await desk.repeatRate('PRB0000004')).fix).toMatchObject({ changes: ['CHG0000004'] })
    })

    it('is refused where nothing says which incidents are meant, and for a duplicate', async () => {
      await found(desk, 'PRB0000005', {})
      await resolvedByFix(desk, 'PRB0000005', at(12))
      await expect(desk.repeatRate('PRB0000005')).rejects.toMatchObject({ code: 'PROBLEM.KIND_UNKNOWN' })
      await found(desk, 'PRB0000006', { category: 'printing' })
      await problem(desk, 'PRB0000006', at(12), {
        type: 'ProblemMarkedDuplicate',
        data: { from: 'New', survivor: 'PRB0000001', notes: null },
      })
      await expect(desk.repeatRate('PRB0000006')).rejects.toMatchObject({ code: 'PROBLEM.DUPLICATE' })
    })

    it('counts only incidents that whoever asks may see, and tells requesters nothing', async () => {
      await desk.opened('INC2000009', SPOOLER, at(9, 0, 30), {
        audience: { kind: 'groups', groups: ['Secret'] },
      })
      expect((await desk.repeatRate('PRB0000001')).after.count).toBe(1)
      const insider = principal('ivy', ['agent'], ['Secret'])
      expect((await desk.repeatRate('PRB0000001', { by: insider })).after.count).toBe(2)
      const requester = principal('rita', ['requester'])
      await expect(desk.repeatRate('PRB0000001', { by: requester })).rejects.toMatchObject({
        code: 'PROBLEM.UNKNOWN',
      })
    })
  })
}

suite('SQLite', temporaryReadStore)
onMongodb('Repeat rate', (server) => suite('MongoDB', () => temporaryMongodbReadStore(server)))
