import type { RecordedEvent } from '#libs/event-sourcing'
import type { ChangeDetails } from '#projections/changes/changes'
import {
  changeAsKnown,
  isUnauthorised,
  standingOf,
  type Verdict,
  verdictAsKnown,
} from '#projections/modification-verdicts'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { CiClass } from '../../settings/domain/settings.events.js'
import type { Activity, Modified, NearItem } from './estate.js'
import type { Onset } from './onset.query.js'
import { type Circumstances, type Reason, suspicionOf } from './suspicion.js'

const JUDGED: ReadonlySet<string> = new Set(['CiChanged', 'CiCorrected'])

/** A change as far as it was known. */
export interface KnownChange {
  details: ChangeDetails
  events: readonly RecordedEvent<ChangeEvent>[]
}

/** A modification as answers show it. */
export type ShownModification = Omit<Modified, 'kind' | 'attributedTo' | 'change'> & { verdict?: Verdict }

/** Something that was changed, and why it is suspected. */
export interface Suspect {
  kind: 'change' | 'configuration-commit' | 'modification'
  /** Number, title and state then; of modifications that name no change: none. */
  change?: string
  title?: string
  state?: string
  risk?: string
  outcome?: string
  startedAt?: string
  endedAt?: string
  /** When it did something last before the incident began. */
  at: string
  minutesBefore: number
  /** Steps from the incident's items. */
  distance: number
  /** Items within reach that it is about, the nearest first. */
  cis: readonly { number: string; name?: string; level: number }[]
  verdict?: Verdict
  /** People say that the incident was caused by it: told, and never scored. */
  declared?: true
  score: number
  reasons: readonly Reason[]
  /** The latest first; how many there are. */
  modifications: readonly ShownModification[]
  modificationCount: number
}

/** More are counted, not shown. */
const MOST_SHOWN = 20

/** What was done to an incident's items and upstream of them, put down to changes or to whoever did it without one. */
export class Suspects {
  readonly #items: ReadonlyMap<string, NearItem>
  readonly #declared: ReadonlySet<string>

  constructor(
    private readonly onset: Onset,
    private readonly activity: Activity,
    private readonly changes: ReadonlyMap<string, KnownChange>,
    private readonly classes: readonly CiClass[] | undefined,
  ) {
    const unknown = activity.unknown.map((number): NearItem => ({ number, level: 0, way: [] }))
    this.#items = new Map([...unknown, ...activity.items].map((item) => [item.number, item]))
    this.#declared = new Set(onset.declared)
  }

  /** The most suspect first; of equals the latest. */
  ranked(): readonly Suspect[] {
    const byChange = new Map<string, Modified[]>([...this.changes.keys()].map((number) => [number, []]))
    const others = new Map<string, Modified[]>()
    for (const modified of this.activity.modifications) {
      const named = modified.change === undefined ? undefined : byChange.get(modified.change)
      if (named) named.push(modified)
      // What somebody did to one item, or one relation, at several times, is one thing
      else append(others, `${modified.relation ?? modified.cis[0]} ${modified.actor}`, modified)
    }
    const suspects = [
      ...[...byChange].flatMap(([number, modified]) => this.#change(number, modified) ?? []),
      ...[...others.values()].map((modified) => this.#modification(modified)),
    ]
    return suspects.sort(
      (one, other) => other.score - one.score || (one.at < other.at ? 1 : one.at > other.at ? -1 : 0),
    )
  }

  /** Undefined: it neither modified anything in the time nor was being implemented. */
  #change(number: string, modified: readonly Modified[]): Suspect | undefined {
    const { details, events } = this.changes.get(number) as KnownChange
    const { title, state, risk, type, startedAt, affectedCis } = details
    // How it ended afterwards nobody could know
    const isOver = details.endedAt === undefined || details.endedAt <= this.onset.at
    const { outcome, endedAt } = isOver ? details : ({} as Partial<ChangeDetails>)
    const acted = this.#lastOf(startedAt, endedAt)
    const at = [acted, modified[0]?.at]
      .filter((time) => time !== undefined)
      .sort()
      .at(-1)
    if (at === undefined) return undefined
    const known = changeAsKnown(events)
    const judged = modified.map((one) => ({ one, verdict: this.#verdictOn(one, known) }))
    const verdict = worst(judged.map(({ verdict }) => verdict)) ?? standingOf(known)
    const cis = this.#near([...modified.flatMap((one) => one.cis), ...affectedCis])
    const open = startedAt !== undefined && endedAt === undefined
    return {
      kind: type === 'configuration-commit' ? 'configuration-commit' : 'change',
      change: number,
      ...{ title, state, risk, outcome, startedAt, endedAt },
      ...this.#suspicion(at, cis, { outcome: outcome ?? (open ? 'in progress' : undefined), verdict }),
      verdict,
      ...(this.#declared.has(number) && { declared: true }),
      ...shownModifications(judged),
    }
  }

  #modification(modified: readonly Modified[]): Suspect {
    const judged = modified.map((one) => ({ one, verdict: this.#verdictOn(one, undefined) }))
    const verdict = worst(judged.map(({ verdict }) => verdict))
    const cis = this.#near(modified.flatMap((one) => one.cis))
    return {
      kind: 'modification',
      ...this.#suspicion((modified[0] as Modified).at, cis, { verdict }),
      verdict,
      ...shownModifications(judged),
    }
  }

  /** When an implementation was at work last in the time; one that lasts was until the incident began. */
  #lastOf(startedAt: string | undefined, endedAt: string | undefined): string | undefined {
    if (startedAt === undefined || startedAt > this.onset.at) return undefined
    const last = endedAt === undefined || endedAt > this.onset.at ? this.onset.at : endedAt
    return last > this.activity.from ? last : undefined
  }

  #near(numbers: readonly string[]): readonly NearItem[] {
    const items = [...new Set(numbers)].flatMap((number) => this.#items.get(number) ?? [])
    return items.sort((one, other) => one.level - other.level)
  }

  #suspicion(
    at: string,
    cis: readonly NearItem[],
    told: Pick<Circumstances, 'outcome' | 'verdict'>,
  ): Pick<Suspect, 'at' | 'minutesBefore' | 'distance' | 'cis' | 'score' | 'reasons'> {
    const minutesBefore = Math.round((Date.parse(this.onset.at) - Date.parse(at)) / 60_000)
    const [nearest] = cis
    const distance = nearest?.level ?? 0
    const shown = cis.slice(0, MOST_SHOWN).map(({ number, name, level }) => ({ number, name, level }))
    const where = nearest ? this.#where(nearest) : 'On an item of the incident'
    return {
      at,
      minutesBefore,
      distance,
      cis: shown,
      ...suspicionOf({ distance, where, minutesBefore, ...told }),
    }
  }

  #where({ number, name = number, level, way }: NearItem): string {
    if (level === 0) return `On the incident’s own item ${name}`
    const steps = way.map(({ type, to }) => `${type} ${this.#items.get(to)?.name ?? to}`)
    return `${level} ${level === 1 ? 'step' : 'steps'} upstream: ${steps.join(', ')}`
  }

  /** On what the audit judges: relations are under no control, and to register or observe an item is no modification. */
  #verdictOn(
    { event, type, cis, at, actor, channel, change, values }: Modified,
    known: ReturnType<typeof changeAsKnown> | undefined,
  ): Verdict | undefined {
    const [ci] = cis
    if (!JUDGED.has(type) || ci === undefined) return undefined
    const hand = { byProgram: channel === 'policy', imported: channel === 'import' }
    const modification = { id: event, ci, at, actor, change, ...hand, values: values ?? {} }
    return verdictAsKnown(modification, this.#items.get(ci)?.class, this.classes, known)
  }
}

function append(map: Map<string, Modified[]>, key: string, modified: Modified): void {
  const known = map.get(key)
  if (known) known.push(modified)
  else map.set(key, [modified])
}

/** What was not allowed outweighs what was; undefined: nothing was to be judged. */
function worst(verdicts: readonly (Verdict | undefined)[]): Verdict | undefined {
  const passed = verdicts.filter((verdict) => verdict !== undefined)
  return passed.find(isUnauthorised) ?? passed[0]
}

function shownModifications(
  judged: readonly { one: Modified; verdict: Verdict | undefined }[],
): Pick<Suspect, 'modifications' | 'modificationCount'> {
  const modifications = judged.slice(0, MOST_SHOWN).map(({ one, verdict }) => {
    const { kind, attributedTo, change, actor, ...shown } = one
    return { ...shown, actor: attributedTo ?? actor, verdict }
  })
  return { modifications, modificationCount: judged.length }
}
