import type { Principal } from '#libs/access'
import { eventsAt, laterPosition, type RecordedEvent } from '#libs/event-sourcing'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, type Filter, type KeysetCursor, type SortKey } from '#libs/read-store'
import { canSee } from '#projections/access'
import { type ChangeDetails, changes, foldChangeDetails } from '#projections/changes/changes'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { CiClass, CiClassesPublished } from '../../settings/domain/settings.events.js'
import type { Activity } from './estate.js'
import type { Onset } from './onset.query.js'
import { type KnownChange, type Suspect, Suspects } from './suspects.js'

export interface SuspectsAsked {
  principal: Principal
  onset: Onset
  activity: Activity
  hours: number
  pageSize: number
  minPosition?: string
}

/** What an incident may have been caused by. */
export interface SuspectChanges {
  number: string
  onset: Pick<Onset, 'at' | 'basis'>
  from: string
  hours: number
  cis: readonly string[]
  cisFrom: Onset['cisFrom']
  unknownCis: readonly string[]
  /** Items that were looked at: those of the incident and what stands upstream. */
  itemsInScope: number
  items: readonly Suspect[]
  /** How many there are, of which `items` are the first. */
  count: number
  /** Not everything was looked at. */
  truncated: boolean
  validAt: string
  asOf: string
  position: string
  lag: number
}

/** Changes that were at work in the time and are looked at, on whatever items; and those whose streams are read. */
const MOST_IMPLEMENTED = 2_000
const MOST_READ = 200
const PAGE = 500

/** What was changed on an incident's items or upstream of them before it began, as known then, the most suspect first. */
export async function readSuspectChanges(
  { principal, onset, activity, hours, pageSize, minPosition }: SuspectsAsked,
  dependencies: QueryDependencies,
): Promise<QueryAnswer> {
  const reader = new ImplementedReader(principal, activity, dependencies, minPosition)
  const implemented = await reader.numbers(scopeOf(onset, activity))
  const modifying = activity.modifications.flatMap(({ change }) => (change === undefined ? [] : [change]))
  const numbers = [...new Set([...modifying, ...implemented.numbers])]
  const known = new Map<string, KnownChange>()
  for (const number of numbers.slice(0, MOST_READ)) {
    const change = await reader.asKnown(number)
    if (change) known.set(number, change)
  }
  const suspects = new Suspects(onset, activity, known, await classesAt(activity.asOf, dependencies)).ranked()
  const answer: SuspectChanges = {
    number: onset.number,
    onset: { at: onset.at, basis: onset.basis },
    from: activity.from,
    hours,
    cis: onset.cis,
    cisFrom: onset.cisFrom,
    unknownCis: activity.unknown,
    itemsInScope: activity.items.length,
    items: suspects.slice(0, pageSize),
    count: suspects.length,
    truncated: activity.truncated || activity.moreModified || implemented.more || numbers.length > MOST_READ,
    validAt: activity.validAt,
    asOf: activity.asOf,
    position: activity.position,
    lag: activity.lag,
  }
  return { json: JSON.stringify(answer), position: activity.position }
}

/** Numbers of the items; those that the CMDB does not know stand for themselves, since changes may name them. */
function scopeOf({ cis }: Onset, { items }: Activity): ReadonlySet<string> {
  return new Set([...cis, ...items.map(({ number }) => number)])
}

class ImplementedReader {
  constructor(
    private readonly principal: Principal,
    private readonly activity: Activity,
    private readonly dependencies: QueryDependencies,
    private readonly minPosition: string | undefined,
  ) {}

  /** Changes of these items that were at work in the time, as far as is known now: {@link asKnown} tells what was known then. */
  async numbers(scope: ReadonlySet<string>): Promise<{ numbers: string[]; more: boolean }> {
    const numbers = new Set<string>()
    let more = false
    const { from, validAt } = this.activity
    const during = (column: string) => and(compare(column, '>', from), compare(column, '<=', validAt))
    const begunBefore = compare('startedAt', '<=', from)
    const searches = [
      { filter: during('startedAt'), orderBy: { column: 'startedAt', direction: 'desc' } },
      { filter: during('endedAt'), orderBy: { column: 'endedAt', direction: 'desc' } },
      // Begun before and still at work when the incident began, whatever became of it since
      {
        filter: and(begunBefore, compare('endedAt', '>', validAt)),
        orderBy: { column: 'endedAt', direction: 'asc' },
      },
      {
        filter: and(begunBefore, compare('endedAt', '=', null)),
        orderBy: { column: 'startedAt', direction: 'desc' },
      },
    ] as const
    for (const { filter, orderBy } of searches) {
      const found = await this.found(filter, orderBy)
      more ||= found.more
      for (const change of found.changes)
        if (change.affectedCis.some((ci) => scope.has(ci))) numbers.add(change.number)
    }
    return { numbers: [...numbers], more }
  }

  private async found(
    filter: Filter,
    orderBy: SortKey,
  ): Promise<{ changes: ChangeDetails[]; more: boolean }> {
    const { asOf } = this.activity
    const { models, waitMilliseconds: timeoutMilliseconds } = this.dependencies
    const found: ChangeDetails[] = []
    let after: KeysetCursor | undefined
    do {
      const page = await models.of<ChangeDetails>(changes.name).list({
        principal: this.principal,
        filter,
        orderBy: [orderBy],
        pageSize: PAGE,
        after,
        minPosition: laterPosition(asOf, this.minPosition),
        timeoutMilliseconds,
      })
      found.push(...page.rows.map(({ document }) => document))
      after = page.next
    } while (after && found.length < MOST_IMPLEMENTED)
    return { changes: found, more: after !== undefined }
  }

  /** A change as it was known; undefined: nothing was known of it, or the principal may not see it. */
  async asKnown(number: string): Promise<KnownChange | undefined> {
    const all = (await this.dependencies.eventStore.readStream(
      `change-${number}`,
    )) as RecordedEvent<ChangeEvent>[]
    const now = foldChangeDetails(all).details
    if (!now || !canSee(this.principal, now)) return undefined
    const { validAt, asOf } = this.activity
    const known = knownAs(eventsAt(all, { validAt, asOf }))
    if (known?.details.startedAt !== undefined) return known
    // What was implemented before it was written down was at work all the same
    const told = knownAs(eventsAt(all, { asOf }))
    const startedAt = told?.details.startedAt
    return startedAt !== undefined && startedAt <= validAt ? told : known
  }
}

function knownAs(events: readonly RecordedEvent<ChangeEvent>[]): KnownChange | undefined {
  const { details } = foldChangeDetails(events)
  return details && { details, events }
}

async function classesAt(
  asOf: string,
  { eventStore }: QueryDependencies,
): Promise<readonly CiClass[] | undefined> {
  const published = (await eventStore.readStream(
    'settings-ci-classes',
  )) as readonly unknown[] as readonly RecordedEvent<CiClassesPublished>[]
  return published.findLast(({ position }) => position <= asOf)?.data.classes
}
