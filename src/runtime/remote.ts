import type { MessagePort, Worker } from 'node:worker_threads'
import {
  Forbidden,
  InvalidInput,
  KeyReused,
  LedgerdeskError,
  NotFound,
  Refused,
  StaleRevision,
  TooLarge,
  Unauthenticated,
  Unavailable,
} from '#libs/event-sourcing'

/** Functions that the other side may call; arguments and results are structured clones. */
// biome-ignore lint/suspicious/noExplicitAny: each side declares the types of its own functions
export type Procedures = Readonly<Record<string, (...args: any[]) => unknown>>

type Message =
  | { kind: 'call'; id: number; name: string; args: unknown[] }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; error: ErrorMessage }
  | { kind: 'tell'; name: string; args: unknown[] }

/**
 * Calls between two threads, both ways, over one port. Small enough that a library (comlink, which makes a port and a
 * proxy per object) would cost more to read than it saves; errors keep their class and code.
 */
export class Remote {
  private readonly waiting = new Map<
    number,
    { resolve(value: unknown): void; reject(error: unknown): void }
  >()
  private next = 0
  private closed: Error | undefined

  constructor(
    private readonly port: Pick<MessagePort | Worker, 'postMessage'> & {
      on(event: 'message', listener: (message: Message) => void): unknown
    },
    private readonly procedures: Procedures = {},
  ) {
    port.on('message', (message) => this.receive(message))
  }

  /** Calls a procedure of the other side; rejects with its error. */
  call<Result>(name: string, ...args: unknown[]): Promise<Result> {
    if (this.closed) return Promise.reject(this.closed)
    const id = this.next++
    return new Promise<Result>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.port.postMessage({ kind: 'call', id, name, args } satisfies Message)
    })
  }

  /** Calls without waiting for an answer. */
  tell(name: string, ...args: unknown[]): void {
    if (!this.closed) this.port.postMessage({ kind: 'tell', name, args } satisfies Message)
  }

  /** The other side is gone: everything that waits for it fails. */
  close(reason: Error): void {
    this.closed = reason
    for (const { reject } of this.waiting.values()) reject(reason)
    this.waiting.clear()
  }

  private receive(message: Message): void {
    switch (message.kind) {
      case 'call':
        this.perform(message)
        return
      case 'tell':
        this.procedures[message.name]?.(...message.args)
        return
      case 'result':
        this.settle(message.id)?.resolve(message.value)
        return
      case 'error':
        this.settle(message.id)?.reject(fromMessage(message.error))
        return
    }
  }

  private settle(id: number) {
    const waiting = this.waiting.get(id)
    this.waiting.delete(id)
    return waiting
  }

  private async perform({ id, name, args }: Extract<Message, { kind: 'call' }>): Promise<void> {
    try {
      const procedure = this.procedures[name]
      if (!procedure) throw new Error(`No procedure "${name}"`)
      const value = await procedure(...args)
      this.port.postMessage({ kind: 'result', id, value } satisfies Message)
    } catch (error) {
      this.port.postMessage({ kind: 'error', id, error: toMessage(error) } satisfies Message)
    }
  }
}

interface ErrorMessage {
  name: string
  message: string
  stack?: string
  code?: string
  extra?: Record<string, unknown>
  retryAfter?: number
}

const KINDS = { Forbidden, InvalidInput, NotFound, Refused, TooLarge, Unauthenticated } as const

/** An error as it travels between threads. */
export function toMessage(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  if (!(error instanceof LedgerdeskError)) return { name, message, stack }
  const retryAfter = error instanceof Unavailable ? error.retryAfter : undefined
  return { name, message, code: error.code, extra: error.extra, retryAfter }
}

/** The error that a {@link toMessage} stands for, of the same class when it is one of ours. */
export function fromMessage({ name, message, stack, code = '', extra, retryAfter }: ErrorMessage): Error {
  if (name === 'Unavailable') return new Unavailable(code, message, retryAfter, extra)
  if (name === 'StaleRevision') return new StaleRevision(Number(extra?.currentRevision))
  if (name === 'KeyReused') return new KeyReused()
  if (name === 'InvalidInput') return new InvalidInput(code, message, extra?.errors as never)
  const kind = KINDS[name as keyof typeof KINDS] as (typeof KINDS)['Refused'] | undefined
  if (kind) return new kind(code, message, extra)
  return Object.assign(new Error(message), { name, stack })
}
