import { auditReadRecords } from '../../audit/audit.records.js'
import { RecordAuditRead } from '../../audit/domain/audit.commands.js'
import { groupRecords, personRecords } from '../../directory/directory.records.js'
import { AddMember, RegisterGroup } from '../../directory/domain/group.commands.js'
import { GrantRole, RegisterPerson, RevokeRole } from '../../directory/domain/person.commands.js'
import type { WriteSide } from '../../runtime/write-side.js'
import { COMMAND_LINE } from '../token.js'
import { kindsOf, type Noted, takeCourse } from './change-kinds.js'
import { ChangeSteps } from './change-steps.js'
import {
  ADMINISTRATOR,
  AGENT_SOURCE,
  AUDITOR,
  GROUPS,
  INTERIM,
  PEOPLE,
  REQUESTERS,
  SCANNER,
} from './people.js'
import type { YearAsPlanned } from './planting.js'
import { HOUR, MINUTE, YearInProgress } from './year-in-progress.js'

export interface YearOptions {
  /** How many changes. Default 500; at least one of each kind. */
  changes?: number
  /** Numbers of items of an estate that is there already, which changes touch besides their own. */
  estate?: readonly string[]
  onProgress?(done: number, of: number): void
}

/** Everything happens in it: before it the people come, and nothing is planted. */
const FROM = Date.parse('2025-01-06T06:00:00.000Z')
const YEAR_MS = 364 * 24 * HOUR
const MONTHS = 12

/**
 * Makes up a year of changes with breaches of every audit question. Live commands, at times of the past, with what policies make follow from
 * them; what live rules refuse comes as an import would bring it, or by a directory that is corrected afterwards. The same seed, the
 * same year.
 * @returns what whoever looks must find
 */
export async function makeUpYear(
  write: WriteSide,
  random: () => number,
  { changes = 500, estate = [], onProgress }: YearOptions = {},
): Promise<YearAsPlanned> {
  const year = new YearInProgress(write, random)
  const steps = new ChangeSteps(year, estate)
  const noted: Noted = { voided: [], conflicts: [], reverts: [], rejected: [] }
  await enrol(year)
  const kinds = kindsOf(changes, random)
  for (const [index, kind] of kinds.entries()) {
    year.goTo(FROM + Math.floor((index * YEAR_MS) / kinds.length))
    await takeCourse(kind, steps, noted)
    if (index % Math.ceil(kinds.length / MONTHS) === 0) await happenBesideChanges(year, index)
    onProgress?.(index + 1, kinds.length)
  }
  year.goTo(FROM + YEAR_MS)
  await year.estate.seenAtTheEnd()
  await correctDirectory(year)
  return {
    from: new Date(FROM).toISOString(),
    to: new Date(FROM + YEAR_MS).toISOString(),
    changes: steps.count,
    findings: year.findings,
    risks: steps.risks,
    advice: steps.advice,
    outcomes: steps.outcomes,
    ...noted,
    ...year.estate.planned,
  }
}

/** A week before the year begins. */
async function enrol(year: YearInProgress): Promise<void> {
  const { desk } = year
  year.goTo(FROM - 7 * 24 * HOUR)
  const by = { actor: COMMAND_LINE }
  for (const { id, name, roles } of PEOPLE) {
    await desk.do(personRecords, (m) => new RegisterPerson(id, { kind: 'person', name }, m), by)
    for (const role of roles) await desk.do(personRecords, (m) => new GrantRole(id, { role }, m), by)
  }
  for (const id of [SCANNER, AGENT_SOURCE]) {
    await desk.do(personRecords, (m) => new RegisterPerson(id, { kind: 'service', name: id }, m), by)
    await desk.do(personRecords, (m) => new GrantRole(id, { role: 'service' }, m), by)
  }
  for (const [name, manager] of Object.entries({ ...GROUPS, [INTERIM.group]: INTERIM.manager }))
    await desk.do(groupRecords, (m) => new RegisterGroup(name, { name, manager }, m), by)
  await year.estate.build()
}

/** What comes once a month: a modification without a change, a new right, and somebody who reads the audit's data. */
async function happenBesideChanges(year: YearInProgress, index: number): Promise<void> {
  const { desk } = year
  const ci = year.server()
  year.later(20 * MINUTE)
  await year.modify(ci, year.nextMemory(ci))
  year.plant('modification-outside-change', ci)
  const person = REQUESTERS[index % REQUESTERS.length]!
  const group = Object.keys(GROUPS)[index % 2]!
  if (!(await isMember(year, group, person))) {
    await desk.do(groupRecords, (m) => new AddMember(group, { person }, m), { actor: ADMINISTRATOR })
    year.plant('rights-or-rules-changed', group)
  }
  const read = { what: 'findings', query: `year ${index}`, rows: 1, form: 'csv' } as const
  await desk.do(auditReadRecords, (m) => new RecordAuditRead(AUDITOR, read, m), { actor: AUDITOR })
  year.plant('audit-data-read', 'findings')
}

async function isMember({ write }: YearInProgress, group: string, person: string): Promise<boolean> {
  const events = await write.eventStore.readStream(`group-${group}`)
  return events.some(
    ({ type, data }) => type === 'MemberAdded' && (data as { person: string }).person === person,
  )
}

/** It turns out that the interim manager had lost her role before the year began. */
async function correctDirectory(year: YearInProgress): Promise<void> {
  year.goTo(FROM)
  const revoke = { role: 'team-lead', otherAdministrators: 1 } as const
  await year.desk.do(personRecords, (m) => new RevokeRole(INTERIM.manager, revoke, m), {
    actor: ADMINISTRATOR,
  })
  year.plant('rights-or-rules-changed', INTERIM.manager)
}
