import { type Activity, Estate, type EstateAsked, type Reach } from './analytics/forensics/estate.js'
import { readActivity } from './configuration/queries/activity.query.js'
import { readReach } from './configuration/queries/reach.query.js'
import type { Queries } from './http/queries.js'

/** What analysts ask of the configuration: service configuration knows. */
export class CmdbEstate extends Estate {
  constructor(private readonly queries: Queries) {
    super()
  }

  async reach(asked: EstateAsked): Promise<Reach> {
    const { json } = await this.queries.ask(readReach, asked)
    return JSON.parse(json) as Reach
  }

  async activity(asked: EstateAsked & { from: string }): Promise<Activity> {
    const { json } = await this.queries.ask(readActivity, asked)
    return JSON.parse(json) as Activity
  }
}
