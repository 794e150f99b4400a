import { QueryBus } from '@nestjs/cqrs'
import { Answer, RawJson, type RequestContext } from '#libs/platform'
import { Ask, type QueryAnswer, type QueryFunction } from '#libs/query-handling'

/** Asks queries for controllers. The function only names what is asked: it runs on another thread. */
export class Queries {
  constructor(private readonly bus: QueryBus) {}

  ask<Args>(query: QueryFunction<Args>, args: Args): Promise<QueryAnswer> {
    return this.bus.execute(new Ask(query.name, args))
  }

  /** The answer as it came; 304 when the caller holds it already. */
  async answer<Args>(query: QueryFunction<Args>, args: Args, context?: RequestContext): Promise<Answer> {
    const { json, etag, position } = await this.ask(query, args)
    if (etag !== undefined && context?.holds(etag)) return Answer.notModified(etag)
    return new RawJson(json, { etag, position })
  }
}
