import { type Activity, Estate, type EstateAsked, type Reach } from './analytics/forensics/estate.js'
import { type Activity as CmdbActivity, readActivity } from './configuration/queries/activity.query.js'
import { type Reach as CmdbReach, readReach } from './configuration/queries/reach.query.js'
import type { Queries } from './http/queries.js'

/** What analysts ask of the configuration: service configuration knows. Its answers are typed as its own, so that none may drift. */
export class CmdbEstate extends Estate {
  constructor(private readonly queries: Queries) {
    super()
  }

  async reach(asked: EstateAsked): Promise<Reach> {
    const { json } = await this.queries.ask(readReach, asked)
    return JSON.parse(json) as CmdbReach
  }

  async activity(asked: EstateAsked & { from: string }): Promise<Activity> {
    const { json } = await this.queries.ask(readActivity, asked)
    return JSON.parse(json) as CmdbActivity
  }
}
