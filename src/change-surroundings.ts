import type { EventStore } from '#libs/event-store'
import { ChangeSurroundings } from './changes/change.handlers.js'
import type { Surroundings } from './changes/domain/change.events.js'
import { readSurroundings } from './configuration/queries/surroundings.query.js'
import type { Queries } from './http/queries.js'

/** What stands around the configuration items of a change: service configuration knows. */
export class CmdbSurroundings extends ChangeSurroundings {
  constructor(
    private readonly queries: Queries,
    private readonly store: Pick<EventStore, 'head'>,
  ) {
    super()
  }

  /** All that is recorded by now is waited for: what moved may be why it is asked. */
  async of(cis: readonly string[], validAt: string): Promise<Surroundings> {
    const minPosition = await this.store.head()
    const { json } = await this.queries.ask(readSurroundings, { cis, validAt, minPosition })
    return JSON.parse(json) as Surroundings
  }
}
