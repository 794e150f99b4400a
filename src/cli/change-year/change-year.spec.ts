import type { RecordedEvent } from '#libs/event-sourcing'
import { LOG_START } from '#libs/event-sourcing'
import { randomNumbers } from '#libs/random-numbers'
import { InMemoryEventStore, InMemoryView } from '#libs/testing'
import { auditFindings } from '#projections/audit-findings/audit-findings'
import { type AuditFinding, FINDINGS } from '#projections/audit-findings/finding'
import { type ChangeDetails, foldChangeDetails } from '#projections/changes/changes'
import { evolve, UNBORN } from '../../configuration/domain/ci.state.js'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import { writeSide } from '../../runtime/write-side.js'
import { makeUpYear } from './change-year.js'
import type { Planting, YearAsPlanned } from './planting.js'

const CHANGES = 60

describe('A made-up year of changes', () => {
  let planned: YearAsPlanned
  let events: readonly RecordedEvent[]
  let changes: readonly ChangeDetails[]

  beforeAll(async () => {
    const log = new InMemoryEventStore()
    const write = await writeSide(log, { warn: () => undefined } as never)
    planned = await makeUpYear(write, randomNumbers(1), { changes: CHANGES })
    events = (await log.readAll({ after: LOG_START, limit: 1e6 })).events
    changes = detailsOf(events)
    await write.close()
  }, 120_000)

  it('has as many changes as were planned, and a few that follow from them', () => {
    expect(planned.changes).toBe(changes.length)
    expect(planned.changes).toBeGreaterThanOrEqual(CHANGES)
  })

  it('breaks every audit question, and auditors find exactly that', () => {
    expect(new Set(planned.findings.map(({ question }) => question)).size).toBe(10)
    expect(told(foundIn(events, planned))).toEqual(told(planned.findings))
  })

  it('would be found to hide a breach, or to tell of one that is none (counter-proof)', () => {
    const found = told(foundIn(events, planned))
    for (const [index] of planned.findings.entries())
      expect(told(planned.findings.toSpliced(index, 1))).not.toEqual(found)
    const [one] = planned.findings
    expect(told([...planned.findings, one!])).not.toEqual(found)
    // Of each question one row less in the log is one row less found
    const without = events.filter(({ type }) => type !== 'ChangeReviewed')
    expect(told(foundIn(without, planned))).not.toEqual(found)
  })

  it('has the risks, outcomes and words of the board that were planned', () => {
    const counted = (field: (change: ChangeDetails) => string | undefined) => {
      const counts: Record<string, number> = {}
      for (const value of changes.map(field))
        if (value !== undefined) counts[value] = (counts[value] ?? 0) + 1
      return counts
    }
    const given = (counts: object) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0))
    expect(counted(({ type, risk }) => (type === 'normal' ? risk : undefined))).toEqual(given(planned.risks))
    expect(counted(({ outcome }) => outcome)).toEqual(given(planned.outcomes))
    expect(counted(({ cabAdvice }) => cabAdvice)).toEqual(given(planned.advice))
  })

  it('has voided approvals, rejections, reverts, and changes that are in each other’s way', () => {
    const numbers = (wanted: (change: ChangeDetails) => unknown) =>
      changes.filter(wanted).map(({ number }) => number)
    expect(numbers(({ voidCount }) => voidCount)).toEqual([...planned.voided].sort())
    expect(numbers(({ reverts }) => reverts)).toEqual([...planned.reverts].sort())
    expect(numbers(({ approvalStatus }) => approvalStatus === 'rejected')).toEqual(
      [...planned.rejected].sort(),
    )
    for (const [first, second] of planned.conflicts) {
      const appeared = events.find(
        ({ stream, type, data }) =>
          stream === `change-${second}` &&
          type === 'ConflictAppeared' &&
          (data as { conflict: { kind: string; change?: string } }).conflict.change === first,
      )
      expect(appeared?.data).toMatchObject({ conflict: { kind: 'ci-busy' } })
    }
  })

  it('has sources that do not agree: the first is believed, whoever spoke last, and each one’s values are kept', () => {
    expect(planned.disputed).toHaveLength(5)
    for (const { ci, attribute, holds, values } of planned.disputed) {
      const its = events.filter(({ stream }) => stream === `ci-${ci}`) as RecordedEvent<CiEvent>[]
      const record = its.reduce(evolve, UNBORN)
      expect(record).toMatchObject({ attributes: { [attribute]: holds } })
      for (const [source, value] of Object.entries(values))
        expect(record).toMatchObject({ sources: { [source]: { values: { [attribute]: value } } } })
    }
  })

  it('is the same again from the same seed', async () => {
    const write = await writeSide(new InMemoryEventStore(), { warn: () => undefined } as never)
    expect(await makeUpYear(write, randomNumbers(1), { changes: CHANGES })).toEqual(planned)
    await write.close()
  }, 120_000)
})

/** What auditors find in the year. */
function foundIn(events: readonly RecordedEvent[], { from, to }: YearAsPlanned): Planting[] {
  const view = new InMemoryView()
  for (const event of events)
    if (auditFindings.from.some((prefix) => event.stream.startsWith(prefix)))
      auditFindings.fold(event as never, view)
  return view.all<AuditFinding>(FINDINGS).filter(({ at }) => at >= from && at < to)
}

function told(findings: readonly Planting[]): string[] {
  return findings.map(({ question, record, standing }) => `${question} ${record} ${standing}`).sort()
}

function detailsOf(events: readonly RecordedEvent[]): ChangeDetails[] {
  const byChange = new Map<string, RecordedEvent[]>()
  for (const event of events) {
    const number =
      /^change-(.*)/.exec(event.stream)?.[1] ??
      (event.stream.startsWith('cab-') ? (event.data as { change?: string }).change : undefined)
    if (number !== undefined) byChange.set(number, [...(byChange.get(number) ?? []), event])
  }
  return [...byChange.values()]
    .map((its) => foldChangeDetails(its).details!)
    .sort((one, other) => (one.number < other.number ? -1 : 1))
}
