import { randomUUID } from 'node:crypto'
import { type ApiAnswer, ask } from './api.js'
import { GROUP } from './people.js'

/** One request, and what came of it. Its id is its `reason` and, when it has one, its `Idempotency-Key`. */
export interface Attempt {
  id: string
  token: string
  path: string
  body: object
  keyed: boolean
  /** Ids of a bulk request's items, each the item's `reason`. */
  items?: readonly string[]
  /** Absent: no answer came, so that nobody knows whether it was done. */
  answer?: ApiAnswer
  /** How long it took until the answer, or until there could be none. */
  milliseconds?: number
}

interface Wish {
  /** Default: any agent. */
  token?: string
  path: string
  body: object
  keyed?: boolean
  items?: readonly string[]
}

/** Agents who open, comment, accept, take and send bulk requests without pause. */
export class Workload {
  readonly attempts: Attempt[] = []
  /** Numbers of incidents that somebody was told of. */
  readonly known: string[] = []
  /** Known and not accepted yet. */
  private readonly free: string[] = []

  constructor(
    /** The last one takes from the queue, and accepts nothing: to accept one's own again is no deed. */
    private readonly tokens: readonly string[],
    private readonly random: () => number,
    /** Of every incident that is opened, beyond what the load needs. */
    private readonly opened: object = {},
    /** Pause of each client after a request, and most items of a bulk request: for read stores that are slow. */
    private readonly pace = { pauseMilliseconds: 0, items: 21 },
  ) {}

  /**
   * Runs until aborted; each client sends its next request when the last is answered.
   * @param url or which one is the next request's
   */
  async run(url: string | (() => string), clients: number, signal: AbortSignal): Promise<void> {
    const work = async () => {
      while (!signal.aborted) {
        const answered = await this.once(typeof url === 'string' ? url : url())
        // Between death and abort there is nobody to talk to.
        const pause = Math.max(this.pace.pauseMilliseconds, answered ? 0 : 5)
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
    await Promise.all(Array.from({ length: clients }, work))
  }

  /** Sends one request. @returns whether an answer came that is more than `503` */
  async once(url: string): Promise<boolean> {
    const { keyed = true, token = this.pick(this.tokens), ...wish } = this.wish()
    const id = (wish.body as { reason?: string }).reason ?? randomUUID()
    const attempt: Attempt = { id, token, keyed, ...wish }
    this.attempts.push(attempt)
    return this.send(url, attempt)
  }

  /** Sends an attempt, again or for the first time, and keeps its answer. @returns as {@link once} */
  async send(url: string, attempt: Attempt): Promise<boolean> {
    const start = performance.now()
    try {
      attempt.answer = await repeat(url, attempt)
    } catch {
      return false
    } finally {
      attempt.milliseconds = performance.now() - start
    }
    this.learn(attempt)
    return attempt.answer.status !== 503
  }

  private learn({ path, answer }: Attempt): void {
    if (!answer || answer.status > 299) return
    const body = answer.body as { id?: string; results?: { status: number; id?: string }[] }
    const opened = path === '/incidents' ? [body.id!] : []
    for (const result of body.results ?? []) if (result.status === 201) opened.push(result.id!)
    this.known.push(...opened)
    this.free.push(...opened)
  }

  private wish(): Wish {
    const reason = randomUUID()
    const dice = this.random()
    const number = this.pick(this.known)
    if (number === undefined || dice < 0.3) return { path: '/incidents', body: this.opening(reason) }
    if (dice < 0.4) return { path: '/incidents', body: this.opening(reason), keyed: false }
    if (dice < 0.7) return { path: `/incidents/${number}/comments`, body: { text: reason, reason } }
    if (dice < 0.8) {
      const token = this.tokens.at(-1)!
      return { token, path: `/queues/${encodeURIComponent(GROUP)}/take-next`, body: { reason } }
    }
    if (dice < 0.92) {
      const next = this.free.shift()
      const token = this.pick(this.tokens.slice(0, -1))
      if (next !== undefined) return { token, path: `/incidents/${next}/accept`, body: { reason } }
    }
    return this.bulk(reason)
  }

  private bulk(reason: string): Wish {
    const size = 2 + Math.floor(this.random() * (this.pace.items - 1))
    const ids = Array.from({ length: size }, (_, index) => `${reason}#${index}`)
    const items = ids.map((id) =>
      this.random() < 0.5
        ? { verb: 'open', body: this.opening(id) }
        : { verb: 'comments', number: this.pick(this.known), body: { text: id, reason: id } },
    )
    return { path: '/incidents/bulk', body: { items }, items: ids }
  }

  private opening(reason: string): object {
    return {
      title: `Incident ${reason}`,
      reason,
      assignmentGroup: GROUP,
      description: 'x'.repeat(300),
      ...this.opened,
    }
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item
  }
}

/** Sends the request of an attempt as it was. */
export function repeat(url: string, { token, path, body, keyed, id }: Attempt): Promise<ApiAnswer> {
  return ask(url, { token, path, body, key: keyed ? id : undefined })
}
