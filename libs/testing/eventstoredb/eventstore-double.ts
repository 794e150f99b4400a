import type { Duplex } from 'node:stream'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js'
import { AcceptedEncodings } from './accepted-encodings.js'
import { notLeader } from './answers.js'
import { type AppendContext, append, batchAppend } from './append-service.js'
import { Connections } from './connections.js'
import { softDelete, tombstone } from './delete-service.js'
import { EventLog } from './event-log.js'
import { Faults } from './faults.js'
import { Answers, framing } from './framing.js'
import {
  encode,
  featureServices,
  gossip,
  gossipServices,
  type Outgoing,
  type Profile,
  shared,
  streamServices,
} from './protocol.js'
import { type ReadCall, read } from './read-service.js'
import { openSubscription, type Subscription } from './subscription-service.js'
import { supportedMethods } from './supported-methods.js'

/** What a double is started with. */
export interface EventStoreDoubleOptions {
  profile: Profile
  /** The port to listen on; a free one by default. */
  port?: number
  /**
   * Events that a live subscriber may be behind, beyond what the connection holds, before it is cut off (23.10) or
   * falls back to catching up (26.1). A real server allows 32; here client and server often share one event loop,
   * hence the larger default.
   */
  slowConsumerLimit?: number
  /** What a node that joins a cluster holds already; nothing by default. */
  log?: EventLog
  /** Compresses every response if the client offers it; as KurrentDB does, so true for 26.1 unless said otherwise. */
  compress?: boolean
}

const SLOW_CONSUMER_LIMIT = 500
/** The largest message that is received; a larger one ends the call with RESOURCE_EXHAUSTED. */
const MAX_MESSAGE_BYTES: Record<Profile, number> = { '23.10': 17 * 1024 * 1024, '26.1': 16 * 1024 * 1024 }

/** For tests only: a server that speaks EventStoreDB's protocol over real gRPC and keeps its log in memory. */
export class EventStoreDouble {
  readonly log: EventLog
  readonly faults: Faults
  private readonly connections = new Connections((connection) => this.injector.injectConnection(connection))
  private readonly subscriptions = new Set<Subscription>()
  private readonly acceptedEncodings = new AcceptedEncodings()
  private server = new Server()
  private injector!: { injectConnection(connection: Duplex): void }
  private listening = 0

  constructor(private readonly options: EventStoreDoubleOptions) {
    this.log = options.log ?? new EventLog()
    this.faults = new Faults(this.connections, this.subscriptions, {
      kill: () => this.kill(),
      restart: () => this.restart(),
    })
  }

  get profile(): Profile {
    return this.options.profile
  }

  get port(): number {
    return this.listening
  }

  /** A connection string for `EventStoreDBClient.connectionString`. */
  get url(): string {
    return `esdb://127.0.0.1:${this.listening}?tls=false`
  }

  /** Listens; again on the same port after `kill`. */
  async start(): Promise<void> {
    this.server = this.createServer()
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure())
    this.acceptedEncodings.watch(this.server)
    this.listening = await this.connections.listen(this.listening || (this.options.port ?? 0))
  }

  /** Goes away at once, connections broken, the log kept. */
  async kill(): Promise<void> {
    await this.connections.close()
    this.subscriptions.clear()
    this.server.forceShutdown()
  }

  /** Comes back on the same port with the same log; which ids `any` had seen is forgotten, as by a real server. */
  async restart(): Promise<void> {
    await this.kill()
    this.log.forgetIds()
    this.connections.thaw()
    await this.start()
  }

  /** Stops for good. */
  async stop(): Promise<void> {
    this.connections.thaw()
    await this.kill()
  }

  private createServer(): Server {
    const compress = this.options.compress ?? this.options.profile === '26.1'
    const server = new Server({
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES[this.profile],
      'grpc.max_send_message_length': -1,
      interceptors: [framing(compress ? this.acceptedEncodings : undefined)],
    })
    const appending: AppendContext = { profile: this.profile, log: this.log, gate: this.faults.appendGate }
    server.addService(encodedOnce(streamServices.StreamsService), {
      append: this.atLeader(append(appending)),
      batchAppend: batchAppend(appending),
      delete: softDelete(appending),
      tombstone: tombstone(appending),
      read: this.atLeader(
        read({
          profile: this.profile,
          log: this.log,
          send: this.send,
          subscribe: (call, options) => this.subscribe(call, options),
        }),
      ),
    })
    server.addService(encodedOnce(featureServices.ServerFeaturesService), {
      getSupportedMethods: (_call: unknown, respond: (error: null, answer: Outgoing) => void) =>
        respond(null, supportedMethods(this.profile)),
    })
    server.addService(encodedOnce(gossipServices.GossipService), {
      read: (_call: unknown, respond: (error: null, answer: Outgoing) => void) =>
        respond(null, this.members()),
    })
    return server
  }

  /** Refuses calls that ask for the leader while another node is it. `respond`: of calls with one answer. */
  private atLeader<Call extends LeaderCall, Respond extends unknown[]>(
    handle: (call: Call, ...respond: Respond) => void,
  ): (call: Call, ...respond: Respond) => void {
    return (call, ...respond) => {
      const leader = this.faults.leaderFor(call)
      if (!leader) return handle(call, ...respond)
      const error = notLeader(this.profile, leader)
      const [answer] = respond
      if (typeof answer === 'function') answer(error)
      else call.emit('error', error)
    }
  }

  private subscribe(call: ReadCall, options: Parameters<typeof openSubscription>[2]): void {
    let opened: Subscription | undefined
    opened = openSubscription(
      {
        profile: this.profile,
        log: this.log,
        send: this.send,
        subscribe: () => undefined,
        slowConsumerLimit: this.options.slowConsumerLimit ?? SLOW_CONSUMER_LIMIT,
      },
      call,
      options,
      () => opened && this.subscriptions.delete(opened),
    )
    if (opened) this.subscriptions.add(opened)
  }

  private readonly send = async (call: ReadCall, answers: readonly Outgoing[]): Promise<boolean> => {
    if (call.cancelled || call.destroyed) return false
    const sent = this.faults.beforeAnswers(answers)
    if (sent.length === 0 || call.write(new Answers(sent))) return true
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const event of ['drain', 'close', 'cancelled']) call.off(event, done)
        resolve()
      }
      for (const event of ['drain', 'close', 'cancelled']) call.on(event, done)
    })
    return !call.cancelled && !call.destroyed
  }

  /** One node, the leader of itself. */
  private members() {
    const id = new shared.UUID()
    id.setString('00000000-0000-4000-8000-000000000001')
    const endPoint = new gossip.EndPoint()
    endPoint.setAddress('127.0.0.1')
    endPoint.setPort(this.listening)
    const member = new gossip.MemberInfo()
    member.setInstanceId(id)
    member.setTimeStamp(String(BigInt(Date.now()) * 10_000n))
    member.setState(gossip.MemberInfo.VNodeState.LEADER)
    member.setIsAlive(true)
    member.setHttpEndPoint(endPoint)
    const cluster = new gossip.ClusterInfo()
    cluster.setMembersList([member])
    return cluster
  }
}

interface LeaderCall {
  metadata: Metadata
  emit(event: 'error', error: ServiceError): boolean
}

/** Starts a double and waits until it listens. */
export async function startEventStoreDouble(options: EventStoreDoubleOptions): Promise<EventStoreDouble> {
  const double = new EventStoreDouble(options)
  await double.start()
  return double
}

/** A generated service whose answers may come already encoded. */
function encodedOnce(service: object): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service as ServiceDefinition).map(([name, method]) => [
      name,
      { ...method, responseSerialize: encode },
    ]),
  )
}
