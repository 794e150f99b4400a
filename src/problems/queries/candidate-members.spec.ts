import { ProjectionRunner, ReadModels } from '#libs/projections-runtime'
import type { QueryDependencies } from '#libs/query-handling'
import type { PageTokens } from '#libs/read-store'
import { appendEvents, InMemoryEventStore, InMemoryReadStore } from '#libs/testing'
import { principal } from '#projections/principals.fixture'
import { USUAL_SETTINGS } from '#projections/problem-correlation/linking'
import { problemCorrelationBy } from '#projections/problem-correlation/problem-correlation'
import type { CandidateAtPosition } from '../dto/candidate.dto.js'
import { readCandidate } from './candidate.queries.js'
import { type CandidateMember, readCandidateMembers } from './candidate-members.query.js'

const AT = Date.UTC(2026, 0, 13)
const MINUTE = 60_000

describe('All members of a candidate', () => {
  const log = new InMemoryEventStore()
  const readStore = new InMemoryReadStore()
  /** So that many become one here: among few, what they have in common says little. */
  const definitions = [problemCorrelationBy({ ...USUAL_SETTINGS, threshold: -6, mergeThreshold: 0 })]
  const runner = new ProjectionRunner({
    eventStore: log,
    readStore,
    definitions,
    owner: 'spec',
    notice: () => {},
  })
  const dependencies: QueryDependencies = {
    eventStore: log,
    models: new ReadModels({ eventStore: log, readStore, definitions }),
    // No query here gives a page token
    pageTokens: undefined as unknown as PageTokens,
    waitMilliseconds: 20_000,
  }
  const ann = principal('ann', ['agent'])

  const opened = async (number: string, at: number, fields: object): Promise<string> => {
    const data = { title: number, audience: { kind: 'public' }, ...fields }
    const event = { type: 'IncidentOpened', data }
    const occurredAt = new Date(at).toISOString()
    const [recorded] = await appendEvents(log, `incident-${number}`, [event], { occurredAt })
    return recorded?.position as string
  }
  const membersOf = async (id: string, minPosition: string): Promise<CandidateMember[]> =>
    JSON.parse((await readCandidateMembers({ principal: ann, id, minPosition }, dependencies)).json)
  const candidate = async (id: string): Promise<CandidateAtPosition> =>
    JSON.parse((await readCandidate({ principal: ann, id }, dependencies)).json)

  beforeAll(async () => {
    // Agreement means something only among many that do not agree
    for (let n = 0; n < 300; n++)
      await opened(`INC9${String(n).padStart(6, '0')}`, AT - 8 * 1_440 * MINUTE + n * 1_000, {
        title: `thing${n} trouble${n}`,
        category: `category-${n % 9}`,
      })
    await runner.start()
  })
  afterAll(() => runner.stop())

  it('are told also when it lists but the newest, with the problems that they are linked to', async () => {
    const numbers = Array.from({ length: 205 }, (_, n) => `INC${1_000_001 + n}`)
    for (const [n, number] of numbers.entries())
      await opened(number, AT + n * MINUTE, {
        title: 'Quokka viaduct gantry',
        ...{ category: 'rare', subcategory: 'rarer', symptom: 'rarest' },
      })
    const [first] = numbers as [string]
    const link = { relation: 'has-problem', targetType: 'problem', target: 'PRB0000001' }
    const [linked] = await appendEvents(log, `incident-${first}`, [{ type: 'LinkAdded', data: { link } }])
    const members = await membersOf(first, linked?.position as string)
    expect(members.map(({ number }) => number)).toEqual(numbers)
    expect(members[0]?.problems).toEqual(['PRB0000001'])
    expect(members[1]?.problems).toBeUndefined()
    // Which are more than it tells by itself (counter-proof)
    const told = await candidate(first)
    expect([told.memberCount, told.members.length]).toEqual([205, 200])
  })

  it('are those of the candidates, too, that go on in it', async () => {
    const one = { category: 'one', subcategory: 'one', symptom: 'one' }
    const place = { primaryCi: 'CI0000001', location: 'L9' }
    const four = [0, 1, 2, 3].map((n) => `INC000001${n}`)
    const two = [0, 1].map((n) => `INC000002${n}`)
    for (const [n, number] of four.entries()) await opened(number, AT + n * MINUTE, one)
    for (const [n, number] of two.entries()) await opened(number, AT + n * MINUTE + 1, place)
    const position = await opened('INC0000030', AT + 5 * MINUTE, { ...one, ...place })
    const members = await membersOf('INC0000010', position)
    expect(members.map(({ number }) => number).sort()).toEqual([...four, ...two, 'INC0000030'])
    expect(await candidate('INC0000020')).toMatchObject({ status: 'merged', mergedInto: 'INC0000010' })
  })
})
