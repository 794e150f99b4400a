import { matches } from '#libs/read-store'
import { projectionSpec, recorded } from '#libs/testing'
import type { ChangeModelContent, ChangeModelEvent } from '../../src/changes/domain/change-model.events.js'
import { principal } from '../principals.fixture.js'
import { type ChangeModelEntry, changeModels } from './change-models.js'

const content = (title: string) => ({ title }) as ChangeModelContent
const drafted = (revision: number, author = 'ann'): ChangeModelEvent => ({
  type: 'ChangeModelDrafted',
  data: { revision, author, content: content(`Restart ${revision}`) },
})
const approved = (revision: number): ChangeModelEvent => ({
  type: 'ChangeModelApproved',
  data: { revision, hash: 'h', approver: 'bob', expiresAt: '2027-01-01T00:00:00.000Z' },
})
const retired: ChangeModelEvent = { type: 'ChangeModelRetired', data: { revision: 1 } }

function entryOf(...events: ChangeModelEvent[]): ChangeModelEntry | undefined {
  const told = recorded('changemodel-restart', events as never) as never[]
  return projectionSpec(changeModels)
    .given(...told)
    .all.get('changemodel-restart') as ChangeModelEntry | undefined
}
const standing = (...events: ChangeModelEvent[]) => {
  const { state, revision, approvedRevision, awaitingApproval } = entryOf(...events)!
  return [state, revision, approvedRevision, awaitingApproval]
}

it('shows the latest revision, and the one that is approved until when', () => {
  expect(entryOf(drafted(1), approved(1), drafted(2, 'cai'))).toMatchObject({
    id: 'restart',
    title: 'Restart 2',
    state: 'approved',
    revision: 2,
    author: 'cai',
    awaitingApproval: true,
    approvedRevision: 1,
    approver: 'bob',
    expiresAt: '2027-01-01T00:00:00.000Z',
  })
})

it('is a draft until somebody approves it, and again after it was retired and drafted anew', () => {
  expect(standing(drafted(1))).toEqual(['draft', 1, undefined, true])
  expect(standing(drafted(1), approved(1))).toEqual(['approved', 1, 1, undefined])
  expect(standing(drafted(1), approved(1), drafted(2))).toEqual(['approved', 2, 1, true])
  expect(standing(drafted(1), approved(1), drafted(2), approved(2))).toEqual(['approved', 2, 2, undefined])
  expect(standing(drafted(1), approved(1), retired)).toEqual(['retired', 1, undefined, undefined])
  expect(standing(drafted(1), approved(1), drafted(2), retired)).toEqual(['draft', 2, undefined, true])
  expect(standing(drafted(1), approved(1), retired, drafted(2))).toEqual(['draft', 2, undefined, true])
  expect(entryOf(drafted(1), approved(1), retired)).toMatchObject({ expiresAt: undefined })
})

it('is left alone by what it does not know', () => {
  const [first, unknown] = recorded('changemodel-restart', [
    drafted(1),
    { type: 'ChangeModelFrobbed', data: {} },
  ] as never) as never[]
  const before = changeModels.evolve(undefined, first!) as ChangeModelEntry
  expect(changeModels.evolve(before, unknown!)).toBe(before)
  expect(changeModels.evolve(undefined, unknown!)).toBeUndefined()
})

it('is for the desk, not for requesters', () => {
  const model = entryOf(drafted(1))!
  const sees = (...roles: Parameters<typeof principal>[1]) =>
    matches(changeModels.rows(principal('cai', roles)), model)
  expect([sees('agent'), sees('service'), sees('requester'), sees()]).toEqual([true, true, false, false])
})
