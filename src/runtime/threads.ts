import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { type ResourceLimits, Worker } from 'node:worker_threads'
import { type LedgerdeskError, Unavailable } from '#libs/event-sourcing'
import type { Logger } from '#libs/platform'
import { type Procedures, Remote, type toMessage } from './remote.js'
import type { StoreSettings } from './stores.js'

/** What a thread is told at its start. */
export interface ThreadData {
  stores: StoreSettings
  /** Names the thread in leases and logs. */
  owner: string
}

/** What came of a policy's command, as it travels between threads. */
export type DispatchAnswer =
  | { outcome: 'done' }
  | { outcome: 'refused'; error: ReturnType<typeof toMessage> }
  | { outcome: 'retry'; reason: string }

/**
 * Of a thread that works all the time. V8 would give it 48 MB for young objects, and on a machine with much memory let the heap grow to
 * four times of what lives before it collects: below a limit of 2 GB, to less than twice. The limit is never more than V8's own, which
 * is smaller where there is little memory; `--max-old-space-size` in `NODE_OPTIONS` takes its place. It is far above what a projector
 * holds (40 MB), for a thread that outgrows it ends at best, and is started again, and at worst the process ends with it. Threads that
 * answer queries have V8's own: half the room for young objects took a walk of the configuration a tenth more of the processor.
 */
export const FRUGAL_LIMITS: ResourceLimits = {
  maxYoungGenerationSizeMb: 24,
  maxOldGenerationSizeMb: Math.min(1_536, getHeapStatistics().heap_size_limit / 2 ** 20),
}

/** How long the end of a thread waits for its start. One whose store is away would never get there. */
const STARTS_WITHIN_MS = 10_000

/** A thread that is started again when it dies; until it is back, calls are refused with 503. */
export class SupervisedThread {
  private remote: Remote | undefined
  private worker: Worker | undefined
  /** Resolves when the worker serves, or is gone. */
  private settled: Promise<void> = Promise.resolve()
  private stopping = false
  private failures = 0
  private readonly started: Promise<void>
  private reportStarted: () => void = () => {}

  constructor(
    private readonly script: URL,
    private readonly data: ThreadData,
    private readonly logger: Pick<Logger, 'warn' | 'error'>,
    private readonly procedures: Procedures = {},
    private readonly limits?: ResourceLimits,
  ) {
    this.started = new Promise((resolve) => {
      this.reportStarted = resolve
    })
    this.launch()
  }

  /** Resolves when the thread serves for the first time. */
  get ready(): Promise<void> {
    return this.started
  }

  get alive(): boolean {
    return this.remote !== undefined
  }

  call<Result>(name: string, ...args: unknown[]): Promise<Result> {
    return this.remote?.call<Result>(name, ...args) ?? Promise.reject(this.away())
  }

  tell(name: string, ...args: unknown[]): void {
    this.remote?.tell(name, ...args)
  }

  async stop(): Promise<void> {
    this.stopping = true
    // To terminate a thread while native code opens its stores would abort the whole process
    await Promise.race([this.settled, sleep(STARTS_WITHIN_MS, undefined, { ref: false })])
    const { worker } = this
    if (!worker) return
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    await this.call('stop').catch((err: unknown) =>
      this.logger.warn({ err }, `${this.data.owner} did not stop by itself`),
    )
    await Promise.race([exited, sleep(2_000, undefined, { ref: false })])
    await worker.terminate()
  }

  private launch(): void {
    const worker = new Worker(this.script, { workerData: this.data, resourceLimits: this.limits })
    let settle = () => {}
    this.settled = new Promise((resolve) => {
      settle = resolve
    })
    const remote = new Remote(worker, {
      ...this.procedures,
      started: () => {
        this.failures = 0
        this.remote = remote
        this.reportStarted()
        settle()
      },
    })
    this.worker = worker
    worker.on('error', (err) => this.logger.error({ err, thread: this.data.owner }, 'a thread failed'))
    worker.once('exit', (code) => {
      remote.close(this.away())
      this.remote = undefined
      this.worker = undefined
      settle()
      if (!this.stopping) this.relaunch(code)
    })
  }

  private relaunch(code: number): void {
    const delay = Math.min(100 * 2 ** this.failures++, 5_000)
    this.logger.error({ thread: this.data.owner, code, delay }, 'a thread ended and is started again')
    setTimeout(() => !this.stopping && this.launch(), delay)
  }

  private away(): LedgerdeskError {
    return new Unavailable(
      'THREAD.RESTARTING',
      'This part of the server is being started again; try again in a moment',
    )
  }
}

/** Hands each call to the thread with the fewest calls under way. */
export class ThreadPool {
  private readonly load: number[]

  constructor(private readonly threads: readonly SupervisedThread[]) {
    this.load = threads.map(() => 0)
  }

  get alive(): boolean {
    return this.threads.some(({ alive }) => alive)
  }

  async ready(): Promise<void> {
    await Promise.all(this.threads.map(({ ready }) => ready))
  }

  async call<Result>(name: string, ...args: unknown[]): Promise<Result> {
    const chosen = this.leastLoaded()
    this.load[chosen]!++
    try {
      return await this.threads[chosen]!.call<Result>(name, ...args)
    } finally {
      this.load[chosen]!--
    }
  }

  /** Of those that are alive: a dead one refuses at once, and would look idle. */
  private leastLoaded(): number {
    const alive = this.threads.flatMap((thread, i) => (thread.alive ? [i] : []))
    return alive.reduce((best, i) => (this.load[i]! < this.load[best]! ? i : best), alive[0] ?? 0)
  }

  async stop(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.stop()))
  }
}
