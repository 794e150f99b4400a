import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs'
import { Ask, type QueryAnswer, QueryRunner } from '../query.js'

/** Hands every query to the threads that answer them. */
@QueryHandler(Ask)
export class AskHandler implements IQueryHandler<Ask, QueryAnswer> {
  constructor(private readonly runner: QueryRunner) {}

  execute({ name, args }: Ask): Promise<QueryAnswer> {
    return this.runner.ask(name, args)
  }
}
