import { Command, type Decider, type RecordedEvent } from '#libs/event-sourcing'
import type { DiscoveryRunRecorded } from './configuration.events.js'

/** Which CIs a source saw in a run. Its id is the source's name. */
export class RecordDiscoveryRun extends Command<
  'RecordDiscoveryRun',
  { run: string; seen: readonly string[] }
> {
  readonly type = 'RecordDiscoveryRun'
}

/** The latest run of a source, as far as it was told. */
export interface LatestRun {
  readonly run: string | null
  readonly seen: ReadonlySet<string>
}

/** CIs in one event: an append has at most 900 kB. */
const MOST_SEEN = 5_000

/** A run that comes in parts is told in parts; what was told of it is not told again. */
export const discoveryDecider: Decider<LatestRun, RecordDiscoveryRun, DiscoveryRunRecorded> = {
  streamPrefix: 'discovery-',
  initial: { run: null, seen: new Set() },
  evolve(latest, event: RecordedEvent<DiscoveryRunRecorded>) {
    if (event.type !== 'DiscoveryRunRecorded') return latest
    const { run, seen } = event.data
    return { run, seen: new Set(latest.run === run ? [...latest.seen, ...seen] : seen) }
  },
  decide({ id: source, data: { run, seen } }, latest) {
    const known = latest.run === run ? latest.seen : new Set<string>()
    const fresh = [...new Set(seen)].filter((ci) => !known.has(ci))
    // A run that sees nothing is one as well.
    if (fresh.length === 0 && latest.run === run) return []
    const events: DiscoveryRunRecorded[] = []
    for (let from = 0; from === 0 || from < fresh.length; from += MOST_SEEN) {
      const part = fresh.slice(from, from + MOST_SEEN)
      events.push({ type: 'DiscoveryRunRecorded', data: { source: source ?? '', run, seen: part } })
    }
    return events
  },
}
