import { availableParallelism } from 'node:os'
import type { Logger } from '#libs/platform'
import type { Notice, ProjectionStatus } from '#libs/projections-runtime'
import { projectionRegistry } from '#projections/registry'
import { SupervisedThread, type ThreadData } from './threads.js'

/** What a rebuild thread is told at its start. */
export interface RebuildThreadData extends ThreadData {
  /** Names of the projections that it cares for. */
  projections: readonly string[]
  /** Most events folded at once. */
  batchSize: number
}

/**
 * The larger the batch, the fewer rows: what many of its events touch is written once. It is smaller where it would take longer than the
 * follower of the log allows.
 */
export const REBUILD_BATCH = 16_384
/** A whole batch lives until it is written: with four times the usual room for young objects, few of them are moved. */
export const REBUILD_YOUNG_MEGABYTES = 192

/**
 * The threads that feed builds which are to take over; there only while there are some. The projections are dealt out
 * among as many threads as there are processors: each build has a file of its own, and what is read twice costs less
 * than it saves.
 */
export class Rebuilder {
  private readonly threads: (SupervisedThread | undefined)[]
  private stopped = false

  constructor(
    private readonly data: (name: string) => ThreadData,
    private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    /** A build has taken over: it is for others now to feed it. */
    private readonly onTakenOver: () => void,
    threads = Math.min(availableParallelism(), projectionRegistry.length),
  ) {
    this.threads = new Array(threads).fill(undefined)
  }

  /** @param projections that have a build which is to take over */
  start(projections: readonly string[]): void {
    if (this.stopped) return
    for (const i of this.threads.keys())
      if (this.share(i).some((name) => projections.includes(name))) this.threads[i] ??= this.launch(i)
  }

  tell(name: string): void {
    for (const thread of this.threads) thread?.tell(name)
  }

  /** Of the builds that the threads feed; one that is just being started or ended tells nothing. */
  async status(): Promise<ProjectionStatus[]> {
    const told = this.threads.map(
      (thread) => thread?.call<ProjectionStatus[]>('status').catch(() => []) ?? [],
    )
    return (await Promise.all(told)).flat()
  }

  async stop(): Promise<void> {
    this.stopped = true
    await Promise.all(this.threads.map((_, i) => this.end(i)))
  }

  private share(i: number): string[] {
    return projectionRegistry.map(({ name }) => name).filter((_, place) => place % this.threads.length === i)
  }

  private launch(i: number): SupervisedThread {
    const data: RebuildThreadData = {
      ...this.data(`rebuilder-${i + 1}`),
      projections: this.share(i),
      batchSize: REBUILD_BATCH,
    }
    const procedures = {
      notice: logNotice(this.logger),
      takenOver: this.onTakenOver,
      // Not its successor, when the message comes late
      idle: () => this.threads[i] === thread && this.end(i),
    }
    const script = new URL('./rebuild-thread.js', import.meta.url)
    const thread = new SupervisedThread(script, data, this.logger, procedures, {
      maxYoungGenerationSizeMb: REBUILD_YOUNG_MEGABYTES,
    })
    return thread
  }

  private async end(i: number): Promise<void> {
    const thread = this.threads[i]
    this.threads[i] = undefined
    await thread?.stop()
  }
}

/** Logs what another thread wants people to know. */
export function logNotice(logger: Pick<Logger, 'info' | 'warn' | 'error'>) {
  return ({ level, message, ...notice }: Notice): void => logger[level](notice, message)
}
