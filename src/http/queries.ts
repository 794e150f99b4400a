import { type IQueryHandler, QueryBus, QueryHandler } from '@nestjs/cqrs'
import { Answer, RawJson, type RequestContext } from '#libs/platform'
import type { QueryArguments, QueryName } from '../queries.js'
import { Ask, type QueryAnswer, QueryRunner } from '../runtime/query.js'

/** Hands every query to the threads that answer them. */
@QueryHandler(Ask)
export class AskHandler implements IQueryHandler<Ask, QueryAnswer> {
  constructor(private readonly runner: QueryRunner) {}

  execute({ name, args }: Ask): Promise<QueryAnswer> {
    return this.runner.ask(name, args)
  }
}

/** Asks queries for controllers. */
export class Queries {
  constructor(private readonly bus: QueryBus) {}

  ask<Name extends QueryName>(name: Name, args: QueryArguments<Name>): Promise<QueryAnswer> {
    return this.bus.execute(new Ask(name, args))
  }

  /** The answer as it came; 304 when the caller holds it already. */
  async answer<Name extends QueryName>(
    name: Name,
    args: QueryArguments<Name>,
    context?: RequestContext,
  ): Promise<Answer> {
    const { json, etag, position } = await this.ask(name, args)
    if (etag !== undefined && context?.holds(etag)) return Answer.notModified(etag)
    return new RawJson(json, { etag, position })
  }
}
