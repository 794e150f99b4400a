import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Order } from './double-process.js'
import type { EventStoreDoubleOptions } from './eventstore-double.js'

/**
 * A double in a process of its own, for benches and for fault tests that send signals: `SIGSTOP` to `pid` freezes it as
 * it would a real server. Its log lives and dies with the process; `order('refuseConnections')` and
 * `order('restart')` are its going down and coming back with state.
 */
export class ForkedEventStoreDouble {
  private orders = 0

  constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  get pid(): number {
    return this.child.pid!
  }

  /** A connection string for `EventStoreDBClient.connectionString`. */
  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`
  }

  /** Has a fault done; resolves when it is. */
  async order(order: Order): Promise<void> {
    const id = ++this.orders
    const done = new Promise<void>((resolve) => {
      const listen = (answer: { id?: number }) => {
        if (answer.id !== id) return
        this.child.off('message', listen)
        resolve()
      }
      this.child.on('message', listen)
    })
    this.child.send({ id, order })
    await done
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await gone
  }
}

/**
 * Starts a double in a process of its own.
 * @param script the built `double-process.js`: `dist/libs/testing/eventstoredb/double-process.js`
 */
export async function forkEventStoreDouble(
  script: string,
  options: EventStoreDoubleOptions,
): Promise<ForkedEventStoreDouble> {
  const child = fork(script, [JSON.stringify(options)])
  const [started] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The double ended with ${code} before it listened`)
    }),
  ])) as [{ port: number } | { failed: string }]
  if ('failed' in started) throw new Error(`The double could not start: ${started.failed}`)
  return new ForkedEventStoreDouble(child, started.port)
}
