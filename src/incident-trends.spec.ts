import type { ReadStore } from '#libs/read-store'
import { principal } from '#projections/principals.fixture'
import { onMongodb, temporaryMongodbReadStore } from '../libs/testing/mongodb-servers.js'
import { temporaryReadStore } from '../libs/testing/temporary-read-store.js'
import { type IncidentTrends, readIncidentTrends } from './analytics/trends/incident-trends.query.js'
import { at, Desk } from './forensics.fixture.js'

const ana = principal('ana', ['analyst'])
const audrey = principal('audrey', ['auditor'])
const MARCH = { from: at(0), to: at(0, 0, 32) }

function suite(name: string, open: () => { store: ReadStore; dispose(): Promise<void> }) {
  describe(`Incident trends on ${name}`, () => {
    let desk: Desk
    let readStore: ReturnType<typeof open>
    beforeAll(async () => {
      readStore = open()
      desk = new Desk(readStore.store)
      let n = 0
      const opened = async (ci: string, day: number, more: object = {}) => {
        const number = `INC${String(++n).padStart(7, '0')}`
        await desk.opened(number, ci, at(9, n, day), { category: 'mail', ...more })
        return number
      }
      for (const day of [2, 9, 16, 23, 30]) await opened('weekly', day)
      for (let i = 0; i < 8; i++) await opened('burst', 10)
      await opened('before', -3)
      await opened('weekly', -3)
      await opened('secret', 12, { audience: { kind: 'groups', groups: ['hr'] } })
      // Put right afterwards: counted by what it is now
      const wrong = await opened('burst', 11)
      const changes = { primaryCi: { from: 'burst', to: 'weekly' } }
      await desk.told(`incident-${wrong}`, at(12, 0, 11), {
        type: 'IncidentDetailsChanged',
        data: { changes },
      })
      await desk.told(`incident-${wrong}`, at(12, 0, 11), {
        type: 'AssignedToGroup',
        data: { group: 'Network', previousGroup: null, previousPerson: null },
      })
      await desk.start()
    }, 60_000)
    afterAll(async () => {
      await desk.stop()
      await readStore.dispose()
    })

    const ask = async (asked: object, who = ana): Promise<IncidentTrends> =>
      desk.ask(readIncidentTrends, {
        ...{ principal: who, by: 'ci', interval: 'week', top: 10, ...MARCH, ...asked },
        minPosition: await desk.log.head(),
      })

    it('put first what comes back on the most days, not what comes most often', async () => {
      const { items, ...answer } = await ask({})
      expect(answer).toMatchObject({
        from: '2026-03-01',
        to: '2026-04-01',
        recordedFrom: '2026-03-01',
        recordedTo: '2026-03-31',
        incidents: 14,
        unset: 0,
        values: 2,
      })
      expect(items).toMatchObject([
        { value: 'weekly', incidents: 6, activeDays: 6, firstOn: '2026-03-02', lastOn: '2026-03-30' },
        { value: 'burst', incidents: 8, activeDays: 1 },
      ])
      expect(items[0]?.series.map(({ count }) => count)).toEqual([0, 1, 2, 1, 1, 1])
      expect((await ask({ top: 1 })).items).toHaveLength(1)
    })

    it('say from when there are records, and tell trends from then on', async () => {
      // The first of all was opened on the third day before March
      const winter = await ask({ from: at(0, 0, -60), to: at(0, 0, 32) })
      expect(winter).toMatchObject({ from: '2025-12-30', recordedFrom: '2026-02-25' })
      expect(winter.items[0]).toMatchObject({ value: 'weekly', incidents: 7, trend: 'no trend shown' })
    })

    it('are told by category and group too, and of one value alone', async () => {
      expect((await ask({ by: 'category', interval: 'month' })).items).toMatchObject([
        { value: 'mail', incidents: 14, series: [{ start: '2026-03-01', count: 14 }] },
      ])
      const groups = await ask({ by: 'group' })
      expect(groups).toMatchObject({ unset: 13, values: 1, items: [{ value: 'Network', incidents: 1 }] })
      expect((await ask({ value: 'burst' })).items).toMatchObject([{ value: 'burst' }])
      expect((await ask({ value: 'nowhere' })).items).toEqual([])
    })

    it('count what one may see', async () => {
      expect((await ask({}, audrey)).incidents).toBe(15)
      expect((await ask({ value: 'secret' }, audrey)).items).toMatchObject([{ incidents: 1 }])
      expect((await ask({ value: 'secret' })).items).toEqual([])
      const rita = principal('rita', ['requester'])
      expect(await ask({}, rita)).toMatchObject({ incidents: 0, items: [] })
    })

    it.each([
      ['ends before it begins', { from: at(0, 0, 5), to: at(0, 0, 4) }],
      ['is more than three years', { from: '2020-01-01T00:00:00Z' }],
    ])('refuse a time that %s', async (_, period) => {
      await expect(ask(period)).rejects.toMatchObject({ code: 'TRENDS.PERIOD' })
    })
  })
}

suite('SQLite', temporaryReadStore)
onMongodb('Incident trends', (server) => suite('MongoDB', () => temporaryMongodbReadStore(server)))
