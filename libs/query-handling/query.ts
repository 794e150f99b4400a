import type { EventStore } from '#libs/event-store'
import type { ReadModels } from '#libs/projections-runtime'
import type { PageTokens } from '#libs/read-store'

/** What a query works with, on the thread where it runs. */
export interface QueryDependencies {
  eventStore: EventStore
  models: ReadModels
  pageTokens: PageTokens
  /** Longest wait for a `minPosition`, milliseconds. */
  waitMilliseconds: number
}

/** An answer as text, so that handing it between threads costs a copy and no more. */
export interface QueryAnswer {
  json: string
  etag?: string | number
  position?: string
}

export type QueryFunction<Args> = (args: Args, dependencies: QueryDependencies) => Promise<QueryAnswer>

/** Asks a query; a query bus carries it to {@link QueryRunner}. */
export class Ask<Args = unknown> {
  constructor(
    /** Name of the query's function, by which the thread that answers finds it. */
    readonly name: string,
    readonly args: Args,
  ) {}
}

/** Runs queries somewhere else than on the thread that appends. */
export abstract class QueryRunner {
  abstract ask(name: string, args: unknown): Promise<QueryAnswer>
}
