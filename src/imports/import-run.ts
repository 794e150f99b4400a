import { type DomainEvent, derivedId, LOG_START } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { settled } from './appends.js'
import type { ImportRunEvent, ImportStarted, RowRejected } from './domain/imports.events.js'
import { type RunContext, runMetadata } from './import-context.js'
import { newEvents } from './import-events.js'

/** Events of one append; a file without a good row must not need one append a row. */
const EVENTS_AT_ONCE = 500
/** A reason may quote what the file says. */
const MAX_REASON = 1_000

/** The stream that tells what a run did. */
export class ImportRun {
  #revision = -1
  #rejected: RowRejected[] = []

  constructor(private readonly context: RunContext) {}

  reject(rejection: RowRejected['data']): void {
    const reason = rejection.reason.slice(0, MAX_REASON)
    this.#rejected.push({ type: 'RowRejected', data: { ...rejection, reason } })
  }

  /** Writes what is waiting, then the event. */
  async tell(event?: ImportRunEvent): Promise<void> {
    const events: DomainEvent[] = event ? [...this.#rejected, event] : this.#rejected
    this.#rejected = []
    if (this.context.dryRun) return
    for (let from = 0; from < events.length; from += EVENTS_AT_ONCE) {
      await this.#append(events.slice(from, from + EVENTS_AT_ONCE))
    }
  }

  async #append(events: readonly DomainEvent[]): Promise<void> {
    const { store, run, actor } = this.context
    const stream = `import-${run}`
    const metadata = runMetadata(this.context, derivedId('import-run', store.logId, run, this.#revision))
    const expectedRevision = this.#revision < 0 ? 'noStream' : this.#revision
    const request = {
      stream,
      expectedRevision,
      events: newEvents(events, stream, metadata, actor.grant),
    } as const
    const outcome = await settled(() => store.append(request))
    if (outcome.kind === 'conflict')
      throw new Error(`Somebody else writes to ${stream}: give each run an id of its own`)
    this.#revision += events.length
  }
}

/** Whether a run, finished or not, has imported from the source. */
export async function wasImported(store: EventStore, source: string): Promise<boolean> {
  const started = { prefixes: ['import-'], types: ['ImportStarted'], limit: 1_000 }
  let after = LOG_START
  for (let end = false; !end; ) {
    const page = await store.readAll({ ...started, after })
    if (page.events.some(({ data }) => (data as ImportStarted['data']).source === source)) return true
    after = page.position
    end = page.end
  }
  return false
}
