import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  type ForkedEventStoreDouble,
  forkEventStoreDouble,
} from '../../../libs/testing/eventstoredb/fork-double.js'
import { eventually } from '../../../libs/testing/eventually.js'
import { OwnBroker } from '../../publishing/publishing.fixture.js'

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

/** Longest that it may take to end. */
const END_WITHIN_MS = 30_000

/** FerretDB on SQLite files of its own. */
export class ReadStoreServer implements FaultyServer {
  private child: ChildProcess | undefined

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<ReadStoreServer> {
    const script = resolve(__dirname, '../../servers/ferretdb.sh')
    const program = execFileSync('bash', [script, 'install'], { encoding: 'utf8' }).trim()
    // Its data are of one run only, so they need not reach a disk; they outlive the process all the same.
    const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
    const folder = mkdtempSync(join(parent, 'ferretdb-'))
    mkdirSync(join(folder, 'state'))
    const server = new ReadStoreServer(program, folder, await freePort())
    await server.startAgain()
    return server
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}`
  }

  async startAgain(): Promise<void> {
    const { folder, port } = this
    const settings = [
      '--handler=sqlite',
      `--sqlite-url=file:${folder}/`,
      `--state-dir=${folder}/state`,
      `--listen-addr=127.0.0.1:${port}`,
      '--debug-addr=-',
      '--telemetry=disable',
      '--log-level=ERROR',
    ]
    this.child = spawn(this.program, settings, { stdio: 'ignore' })
    await eventually('FerretDB listens', () => answers(port), 20_000)
  }

  kill(): Promise<void> {
    return this.end('SIGKILL')
  }

  shutDown(): Promise<void> {
    return this.end('SIGTERM')
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal)
  }

  async dispose(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const forced = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS)
    await gone
    clearTimeout(forced)
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

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
