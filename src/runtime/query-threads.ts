import type { Position } from '#libs/event-sourcing'
import type { Closer, HealthCheck, Logger } from '#libs/platform'
import { type QueryAnswer, QueryRunner } from '#libs/query-handling'
import { SupervisedThread, type ThreadData, ThreadPool } from './threads.js'

/** What a query thread is told at its start. */
export interface QueryThreadData extends ThreadData {
  pageTokenKey: Uint8Array
  /** Longest wait for a `minPosition`. */
  projectionWaitMs: number
}

/** Queries, on threads of their own. */
export class QueryThreads extends QueryRunner {
  private readonly threads: ThreadPool

  /**
   * @param data of each thread
   * @param hurry asks the projector of this process, where there is one, to catch up with a position: somebody waits for it;
   *   resolves when it is worth looking whether it has
   */
  constructor(
    data: readonly QueryThreadData[],
    logger: Pick<Logger, 'warn' | 'error'>,
    hurry: (projection: string, position: Position) => Promise<void> = async () => {},
  ) {
    super()
    const script = new URL('./query-thread.js', import.meta.url)
    this.threads = new ThreadPool(data.map((one) => new SupervisedThread(script, one, logger, { hurry })))
  }

  ready(): Promise<void> {
    return this.threads.ready()
  }

  override ask(name: string, args: unknown): Promise<QueryAnswer> {
    return this.threads.call('ask', name, args)
  }

  checks(): Record<string, HealthCheck> {
    return {
      queries: () => (this.threads.alive ? undefined : 'the query threads are being started'),
    }
  }

  closers(): Closer[] {
    return [{ name: 'queries', close: () => this.threads.stop() }]
  }
}
