import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  type ForkedEventStoreDouble,
  forkEventStoreDouble,
} from '../../../libs/testing/eventstoredb/fork-double.js'
import { eventually } from '../../../libs/testing/eventually.js'
import { InterruptedConnection } from '../../../libs/testing/interrupted-connection.js'
import { OwnBroker } from '../../publishing/publishing.fixture.js'

const MONGO_JAVA_SERVER = resolve(__dirname, '../../servers/mongo-java-server.sh')

/** A server of the test's own; its address and its data stay, whatever is done to it. */
export interface FaultyServer {
  readonly url: string
  /** Without notice: what was under way is cut off. */
  kill(): Promise<void>
  /** Orderly. */
  shutDown(): Promise<void>
  /** Begins again after `kill` or `shutDown`. */
  startAgain(): Promise<void>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  dispose(): Promise<void>
}

/** Our double of EventStoreDB in a process of its own; going down keeps the process, and so its log. */
export class EventStoreServer implements FaultyServer {
  private constructor(private readonly double: ForkedEventStoreDouble) {}

  /** @param program the compiled `double-process.ts` */
  static async start(program: string): Promise<EventStoreServer> {
    return new EventStoreServer(await forkEventStoreDouble(program, { profile: '23.10' }))
  }

  get url(): string {
    return this.double.url
  }

  kill(): Promise<void> {
    return this.double.order('refuseConnections')
  }

  shutDown(): Promise<void> {
    return this.kill()
  }

  startAgain(): Promise<void> {
    return this.double.order('restart')
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.double.pid, signal)
  }

  async dispose(): Promise<void> {
    await this.double.stop()
  }
}

/**
 * mongo-java-server in a process of its own, behind a connection that can be cut: it keeps its data in memory, so going down
 * means that nobody reaches it. What was under way is done or not, as with a server that is killed, and nobody hears which.
 */
export class ReadStoreServer implements FaultyServer {
  private constructor(
    private readonly folder: string,
    private readonly process: number,
    private readonly connection: InterruptedConnection,
  ) {}

  static async start(): Promise<ReadStoreServer> {
    const folder = mkdtempSync(join(tmpdir(), 'mongo-'))
    const told = execFileSync('bash', [MONGO_JAVA_SERVER, 'start', folder], { encoding: 'utf8' })
    const [, port] = /mongodb:\/\/127\.0\.0\.1:(\d+)/.exec(told) ?? []
    if (port === undefined) throw new Error(`mongo-java-server told no address: ${told}`)
    const connection = await InterruptedConnection.to({ host: '127.0.0.1', port: Number(port) })
    return new ReadStoreServer(folder, Number(readFileSync(join(folder, 'pid'), 'utf8')), connection)
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.connection.port}`
  }

  async kill(): Promise<void> {
    this.connection.cut()
  }

  shutDown(): Promise<void> {
    return this.kill()
  }

  async startAgain(): Promise<void> {
    this.connection.restore()
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.process, signal)
  }

  async dispose(): Promise<void> {
    await this.connection.close()
    execFileSync('bash', [MONGO_JAVA_SERVER, 'stop', this.folder])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Apache Kafka, one node. */
export class BrokerServer implements FaultyServer {
  private constructor(
    private readonly broker: OwnBroker,
    private readonly folder: string,
  ) {}

  static async start(): Promise<BrokerServer> {
    const folder = mkdtempSync(join(tmpdir(), 'kafka-'))
    return new BrokerServer(await OwnBroker.start(folder), folder)
  }

  get url(): string {
    return this.broker.address
  }

  async kill(): Promise<void> {
    this.broker.signal('SIGKILL')
    await eventually('the broker is gone', async () => !(await answers(portOf(this.url))), 10_000)
  }

  shutDown(): Promise<void> {
    return this.broker.stop()
  }

  startAgain(): Promise<void> {
    return this.broker.startAgain()
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.broker.signal(signal)
  }

  async dispose(): Promise<void> {
    await this.broker.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1))
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
