import { changeRecords } from '../../changes/change.record.js'
import * as c from '../../changes/domain/change.commands.js'
import type { ChangeSteps } from './change-steps.js'
import { ADMINISTRATOR, COORDINATOR, GROUPS, IMPLEMENTERS, INTERIM } from './people.js'
import type { YearAsPlanned } from './planting.js'
import { HOUR, MINUTE } from './year-in-progress.js'

/** Changes of which whoever looks must find more than an audit's finding. */
export type Noted = {
  -readonly [List in 'voided' | 'conflicts' | 'reverts' | 'rejected']: YearAsPlanned[List][number][]
}
type Course = (steps: ChangeSteps, noted: Noted) => Promise<void>

/** What a change comes to. The first is what most do; of all others each comes up at least once. */
const COURSES = {
  usual: async (steps) => steps.closed(await steps.implemented()),
  'with issues': async (steps) => steps.closed(await steps.implemented({ outcome: 'with issues' })),
  'failed, reviewed': async (steps) => reviewedLate(steps, await steps.implemented({ outcome: 'failed' })),
  'backed out, reviewed': async (steps) =>
    reviewedLate(steps, await steps.implemented({ outcome: 'backed out' })),
  rejected: reject,
  'voided by an edit': voidByEdit,
  reverted: revert,
  'in conflict': conflict,
  emergency,
  'emergency, ratified': (steps) => beforeApproval(steps, true),
  'emergency, never ratified': (steps) => beforeApproval(steps, false),
  'emergency, never reviewed': async (steps) =>
    steps.year.plant('emergency-not-reviewed', await steps.emergency()),
  'failed, never reviewed': async (steps) =>
    steps.year.plant('failed-not-reviewed', await steps.implemented({ outcome: 'failed' })),
  'implemented by its approver': implementedByApprover,
  'approved by whom had no right to': approvedWithoutRight,
  'started before approval elsewhere': importedEarly,
  'values differ': valuesDiffer,
  'outside its scope': outsideScope,
  'never approved': neverApproved,
  'long after': longAfter,
} as const satisfies Record<string, Course>
export type Kind = keyof typeof COURSES

const KINDS = Object.keys(COURSES) as Kind[]

/** Takes one change of a kind from its opening to where that kind ends. */
export function takeCourse(kind: Kind, steps: ChangeSteps, noted: Noted): Promise<void> {
  return COURSES[kind](steps, noted)
}

/** Each kind in turn for a fifth of so many changes, the usual for the rest, in an order of the seed. */
export function kindsOf(changes: number, random: () => number): Kind[] {
  const special = Math.max(KINDS.length - 1, Math.floor(changes / 5))
  const kinds = Array.from(
    { length: Math.max(changes, special) },
    (_, index): Kind => (index < special ? KINDS[1 + (index % (KINDS.length - 1))]! : 'usual'),
  )
  for (let at = kinds.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[kinds[at], kinds[other]] = [kinds[other]!, kinds[at]!]
  }
  return kinds
}

async function reject(steps: ChangeSteps, { rejected }: Noted): Promise<void> {
  const number = await steps.assessed()
  await steps.step(COORDINATOR, (m) => new c.SubmitChange(number, {}, m))
  await steps.answered(number, 'reject')
  rejected.push(number)
}

async function voidByEdit(steps: ChangeSteps, { voided }: Noted): Promise<void> {
  const number = await steps.assessed()
  await steps.approved(number)
  await steps.step(COORDINATOR, (m) => new c.EditPlan(number, { implementation: 'Otherwise.' }, m))
  voided.push(number)
  steps.year.plant('approval-voided-by-edit', number)
  await steps.answered(number, 'grant')
  await steps.done(number, 'successful')
  await steps.closed(number)
}

async function revert(steps: ChangeSteps, { reverts }: Noted): Promise<void> {
  const number = await steps.implemented()
  await steps.closed(number)
  const window = steps.usualWindow()
  const receipt = await steps.step(
    COORDINATOR,
    (m) => new c.OpenRevert(undefined, { reverts: number, type: 'normal', window }, m),
  )
  steps.count++
  reverts.push(receipt.id)
}

/** Two at once on one server: the second is told of the first before it is approved. */
async function conflict(steps: ChangeSteps, { conflicts }: Noted): Promise<void> {
  const ci = steps.year.server()
  const first = await steps.assessed({ affectedCis: [ci] })
  await steps.approved(first)
  const second = await steps.assessed({ affectedCis: [ci] })
  await steps.approved(second)
  conflicts.push([first, second])
  for (const number of [first, second]) {
    await steps.done(number, 'successful')
    await steps.closed(number)
  }
}

async function emergency(steps: ChangeSteps): Promise<void> {
  const number = await steps.emergency()
  steps.year.plant('emergency-not-reviewed', number, false)
  await steps.closed(number)
}

async function reviewedLate(steps: ChangeSteps, number: string): Promise<void> {
  steps.year.plant('failed-not-reviewed', number, false)
  await steps.reviewed(number)
}

async function beforeApproval(steps: ChangeSteps, ratified: boolean): Promise<void> {
  const { year } = steps
  const number = await steps.assessed({ type: 'emergency' })
  const startedAt = year.instant(0)
  const implementer = year.oneOf(IMPLEMENTERS)
  year.later(10 * MINUTE)
  await steps.step(
    implementer,
    (m) => new c.RecordImplemented(number, { startedAt }, m),
    'It could not wait.',
  )
  year.plant('started-before-approval', number)
  await steps.ended(number, 'successful', implementer)
  if (ratified) await steps.answered(number, 'grant')
  year.plant('emergency-not-ratified', number, !ratified)
  year.plant('emergency-not-reviewed', number, false)
  await steps.reviewed(number)
}

async function implementedByApprover(steps: ChangeSteps): Promise<void> {
  const group = 'Year Platform'
  const number = await steps.implemented({ implementer: GROUPS[group]!, group })
  steps.year.plant('duties-not-separated', number)
  await steps.closed(number)
}

async function approvedWithoutRight(steps: ChangeSteps): Promise<void> {
  const number = await steps.implemented({ group: INTERIM.group })
  steps.year.plant('approver-not-entitled', number)
  await steps.closed(number)
}

/** Another tool says that it was begun in New. */
async function importedEarly(steps: ChangeSteps): Promise<void> {
  const { year } = steps
  const ci = year.server()
  const opened = { type: 'normal' as const, title: `Elsewhere: ${ci}`, affectedCis: [ci] }
  const by = { actor: ADMINISTRATOR, channel: 'import' } as const
  const told = (id: string | undefined, data: c.ImportChangeUpdate['data']) =>
    year.desk.do(changeRecords, (m) => new c.ImportChangeUpdate(id, data, m), by)
  year.later(10 * MINUTE)
  const { id } = await told(undefined, { ...opened, state: 'New' })
  steps.count++
  year.later(10 * MINUTE)
  await told(id, { state: 'Implement' })
  year.plant('started-before-approval', id)
}

async function valuesDiffer(steps: ChangeSteps): Promise<void> {
  const { year } = steps
  const ci = year.server()
  const ramGigabytes = year.nextMemory(ci)
  const proposedValues = [{ ci, attributes: { ramGigabytes } }]
  const number = await steps.assessed({ affectedCis: [ci], proposedValues })
  await steps.approved(number)
  const implementer = year.oneOf(IMPLEMENTERS)
  await steps.started(number, implementer)
  await year.modify(ci, ramGigabytes + 1, number, implementer)
  year.plant('modification-outside-change', ci)
  await steps.ended(number, 'backed out', implementer)
  await reviewedLate(steps, number)
}

async function outsideScope(steps: ChangeSteps): Promise<void> {
  const { year } = steps
  const [ci, other] = year.twoServers()
  const number = await steps.assessed({ affectedCis: [ci] })
  await steps.approved(number)
  const implementer = year.oneOf(IMPLEMENTERS)
  await steps.started(number, implementer)
  await year.modify(other, year.nextMemory(other), number, implementer)
  year.plant('modification-outside-change', other)
  await steps.ended(number, 'successful', implementer)
  await steps.closed(number)
}

async function neverApproved(steps: ChangeSteps): Promise<void> {
  const { year } = steps
  const ci = year.server()
  const number = await steps.assessed({ affectedCis: [ci] })
  await year.modify(ci, year.nextMemory(ci), number)
  year.plant('modification-outside-change', ci)
  await steps.step(COORDINATOR, (m) => new c.CancelChange(number, { notes: 'Done already.' }, m))
}

/** A modification that names a change of which the implementation was over hours before. */
async function longAfter(steps: ChangeSteps): Promise<void> {
  const { year } = steps
  const ci = year.server()
  const number = await steps.assessed({ affectedCis: [ci] })
  await steps.approved(number)
  await steps.done(number, 'successful')
  await steps.closed(number)
  year.later(3 * HOUR)
  await year.modify(ci, year.nextMemory(ci), number)
  year.plant('modification-outside-change', ci)
}
