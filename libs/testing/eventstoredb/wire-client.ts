import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js'
import type { RecordedStatus } from './conversations.js'

const WAIT_MS = 5_000

/** One call as bytes: what was sent and what came back. gRPC's four kinds of call are one on the wire. */
export class WireCall {
  readonly responses: Buffer[] = []
  private ended?: RecordedStatus
  private readonly waiting = new Set<() => void>()

  constructor(private readonly call: ClientDuplexStream<Buffer, Buffer>) {
    call.on('data', (response: Buffer) => {
      this.responses.push(response)
      this.wake()
    })
    call.on('error', () => undefined) // the status says the same
    call.on('status', ({ code, details, metadata }) => {
      const trailers = Object.entries(metadata.getMap()).map(([name, value]) => [name, value.toString()])
      this.ended = { code, details, trailers: Object.fromEntries(trailers) }
      this.wake()
    })
  }

  send(request: Buffer): void {
    this.call.write(request)
  }

  endRequests(): void {
    this.call.end()
  }

  /** Reads nothing until `resume`: a subscriber that does not keep up. */
  pause(): void {
    this.call.pause()
  }

  resume(): void {
    this.call.resume()
  }

  cancel(): void {
    this.call.cancel()
  }

  /** Waits until so many answers are there, or the call is over. */
  async answers(count: number): Promise<void> {
    await this.until(
      `${count} answers (${this.responses.length} came)`,
      () => this.responses.length >= count || !!this.ended,
    )
  }

  /** How the call ended. */
  async status(): Promise<RecordedStatus> {
    await this.until('the end of the call', () => !!this.ended)
    return this.ended!
  }

  private async until(what: string, condition: () => boolean): Promise<void> {
    const timer = setTimeout(() => this.wake(), WAIT_MS)
    const deadline = performance.now() + WAIT_MS
    while (!condition()) {
      if (performance.now() >= deadline) throw new Error(`No sign of ${what} within ${WAIT_MS} ms`)
      await new Promise<void>((resolve) => this.waiting.add(resolve))
    }
    clearTimeout(timer)
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve()
    this.waiting.clear()
  }
}

/** A gRPC client that knows no messages: it sends bytes to a path. */
export class WireClient {
  private readonly client: Client

  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    })
  }

  open(path: string, metadata: Record<string, string> = {}): WireCall {
    const header = new Metadata()
    for (const [name, value] of Object.entries(metadata)) if (name !== 'user-agent') header.set(name, value)
    const asIs = (bytes: Buffer) => bytes
    return new WireCall(this.client.makeBidiStreamRequest(path, asIs, asIs, header, {}))
  }

  close(): void {
    this.client.close()
  }
}
