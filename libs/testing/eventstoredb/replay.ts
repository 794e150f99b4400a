import {
  decodeResponse,
  isKnownPath,
  type Json,
  type RecordedCall,
  type RecordedMessage,
  type RecordedStatus,
  type Scenario,
} from './conversations.js'
import { PositionMap } from './position-map.js'
import { streams } from './protocol.js'
import { standIn } from './stand-ins.js'
import { type WireCall, WireClient } from './wire-client.js'

const BATCH_APPEND = '/event_store.client.streams.Streams/BatchAppend'
const READ = '/event_store.client.streams.Streams/Read'

/** A deadline that no replay runs into. */
const LATER_SECONDS = 60

/** What the double and the real server said to the same request, ready to be compared. */
export interface Exchange {
  call: string
  recorded: { responses: Json[]; status: RecordedStatus | null }
  actual: { responses: Json[]; status: RecordedStatus | null }
}

export interface ReplayedScenario {
  scenario: string
  exchanges: Exchange[]
  /** What was not sent as recorded, and why. */
  notSent: string[]
}

/**
 * Where requests of the long-lived append call and other calls alternate, the recording does not say in which order:
 * this is it, from the client's steps. `a` is the next append, a number the call of that index.
 */
const ALTERNATION: Record<string, ('a' | number)[]> = {
  'stream-metadata': ['a', 1, 'a', 2, 3, 'a', 'a', 4],
  'delete-and-tombstone': ['a', 1, 2, 3, 'a', 4, 5, 6, 'a', 7],
}

/** Sends recorded conversations to a server, in the recorded order. */
export class Replay {
  readonly positions = new PositionMap()
  private readonly client: WireClient
  private batch?: WireCall

  constructor(address: string) {
    this.client = new WireClient(address)
  }

  close(): void {
    this.batch?.cancel()
    this.client.close()
  }

  async play({ scenario, calls }: Scenario): Promise<ReplayedScenario> {
    const exchanges: Exchange[] = []
    const notSent: string[] = []
    const appends = calls.find(({ path }) => path === BATCH_APPEND)
    const unsent = appends ? this.appendSteps(appends, scenario, notSent) : []
    const appendNext = async () => {
      const step = unsent.shift()
      if (step) exchanges.push(await step())
    }
    const plan =
      ALTERNATION[scenario] ?? calls.map((call, index) => (call === appends ? ('all' as const) : index))
    // Appends that a subscription is to see live are sent while it is open.
    const live = calls.some((call) => call.path === READ && liveFrom(call, appends) !== undefined)
    for (const step of plan) {
      if (step === 'a') await appendNext()
      else if (step === 'all') while (!live && unsent.length > 0) await appendNext()
      else {
        const call = calls[step]!
        if (isKnownPath(call.path)) exchanges.push(await this.other(call, appends, appendNext))
        else notSent.push(`${shortName(call.path)}: the double has no such service`)
      }
    }
    return { scenario, exchanges, notSent }
  }

  /** One step an append: sends its requests, waits for the one answer. */
  private appendSteps(call: RecordedCall, scenario: string, notSent: string[]): (() => Promise<Exchange>)[] {
    const omitted = call.requests.filter(({ omitted }) => omitted).length
    if (omitted > 0)
      notSent.push(
        `${shortName(BATCH_APPEND)}: ${omitted} requests whose bodies were not recorded (stand-ins sent)`,
      )
    return call.responses
      .toSorted((one, other) => requestIndex(call, one) - requestIndex(call, other))
      .map((response, index) => async () => {
        const request = call.requests.find(
          ({ message }) => correlation(message) === correlation(response.message),
        )
        const bytes = request
          ? this.rewrite(BATCH_APPEND, request)
          : standIn(scenario, index, correlation(response.message))
        this.batch ??= this.client.open(BATCH_APPEND, call.metadata)
        const before = this.batch.responses.length
        this.batch.send(bytes)
        await this.batch.answers(before + 1)
        return this.exchange(BATCH_APPEND, [response], this.batch.responses.slice(before), null, null)
      })
  }

  private async other(
    call: RecordedCall,
    appends: RecordedCall | undefined,
    appendNext: () => Promise<void>,
  ): Promise<Exchange> {
    const open = this.client.open(call.path, call.metadata)
    for (const request of call.requests)
      open.send(request.omitted ? Buffer.alloc(0) : this.rewrite(call.path, request))
    if (call.order.includes('>end')) open.endRequests()
    const live = liveFrom(call, appends)
    if (live !== undefined) {
      await open.answers(live)
      await appendNext()
    }
    if (call.status?.code === 1) {
      await open.answers(call.responses.length)
      open.cancel()
    }
    const status = await open.status()
    return this.exchange(call.path, call.responses, open.responses, call.status, status)
  }

  private exchange(
    path: string,
    recorded: RecordedMessage[],
    actual: Buffer[],
    recordedStatus: RecordedStatus | null,
    actualStatus: RecordedStatus | null,
  ): Exchange {
    const recordedResponses = recorded.map(({ message }) => message!)
    const actualResponses = actual.map((bytes) => decodeResponse(path, bytes))
    this.positions.learn(recordedResponses, actualResponses)
    return {
      call: shortName(path),
      recorded: { responses: recordedResponses, status: recordedStatus },
      actual: { responses: actualResponses, status: actualStatus },
    }
  }

  /** The recorded bytes, save for a position that this server gave otherwise, and a deadline that is over. */
  private rewrite(path: string, { base64 = '' }: RecordedMessage): Buffer {
    const bytes = Buffer.from(base64, 'base64')
    if (path === BATCH_APPEND) {
      const request = streams.BatchAppendReq.deserializeBinary(bytes)
      request
        .getOptions()
        ?.getDeadline()
        ?.setSeconds(Math.round(Date.now() / 1000) + LATER_SECONDS)
      return Buffer.from(request.serializeBinary())
    }
    if (path !== READ) return bytes
    const request = streams.ReadReq.deserializeBinary(bytes)
    const position = request.getOptions()?.getAll()?.getPosition()
    if (!position) return bytes
    position.setCommitPosition(this.positions.toActual(position.getCommitPosition()))
    position.setPreparePosition(this.positions.toActual(position.getPreparePosition()))
    return Buffer.from(request.serializeBinary())
  }
}

/** Service and method without their package. */
const shortName = (path: string): string => path.split('.').at(-1)!

const correlation = (message: Json | undefined): string =>
  (message as { correlationId?: { string?: string } } | undefined)?.correlationId?.string ?? ''

const requestIndex = (call: RecordedCall, response: RecordedMessage): number =>
  call.requests.findIndex(({ message }) => correlation(message) === correlation(response.message))

/** How many answers a subscription has before the first event that is appended while it is open. */
function liveFrom(call: RecordedCall, appends: RecordedCall | undefined): number | undefined {
  if (!isSubscription(call)) return undefined
  const appended = new Set(appends?.requests.flatMap(({ message }) => eventIdsOf(message)))
  const first = call.responses.findIndex(({ message }) => eventIdsOf(message).some((id) => appended.has(id)))
  return first < 0 ? undefined : first
}

const isSubscription = ({ requests }: RecordedCall): boolean =>
  (requests[0]?.message as { options?: { subscription?: object } })?.options?.subscription !== undefined

/** Ids of the events that a request proposes or a response carries. */
export function eventIdsOf(message: Json | undefined): string[] {
  const request = message as { proposedMessagesList?: { id: { string: string } }[] } | undefined
  const response = message as { event?: { event: { id: { string: string } } } } | undefined
  return [...(request?.proposedMessagesList ?? []), ...(response?.event ? [response.event.event] : [])].map(
    ({ id }) => id.string,
  )
}
