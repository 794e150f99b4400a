import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Role } from '#libs/access'
import { type Deployment, deploy, type Shape } from '../servers/deployment.js'

const ROOT = resolve(__dirname, '../..')
const MAIN = join(ROOT, 'dist/src/main.js')
const CLI = join(ROOT, 'dist/src/cli.js')
const READY_WITHIN_MS = 60_000

/** Processes that nobody has ended yet. A test that runs out of time before it knows its server leaves them to the end of its file. */
const running = new Set<ChildProcess>()
let over = false
afterAll(() => {
  over = true
  for (const child of running) child.kill('SIGKILL')
})

/** Settings without their prefix: `{ ATTACHMENT_MAX_BYTES: '1 KiB' }`. */
export type Settings = Readonly<Record<string, string>>

/** One of the processes of a server. */
export interface RoleProcess {
  readonly role: string
  readonly url: string
  readonly child: ChildProcess
}

/** The built server as child processes, one for each role of the shape, on data of its own and free ports. */
export class ServerProcess {
  readonly log: string[] = []
  private readonly deployed: Promise<Deployment>
  private deployment: Deployment | undefined
  private processes: RoleProcess[] = []

  /** @param shape where it matters; else what `E2E_SHAPE` says */
  constructor(
    private readonly settings: Settings = {},
    shape?: Shape,
  ) {
    if (!existsSync(MAIN)) throw new Error('There is no dist: run `npm run build` first')
    this.deployed = deploy(shape)
    // Told to whoever starts it
    this.deployed.catch(() => {})
  }

  /** Of the process that serves the API. */
  get url(): string {
    return this.processes.at(-1)?.url ?? ''
  }

  get dataDir(): string {
    return this.prepared.dataDir
  }

  /** Process of the EventStoreDB double; undefined: there is none. */
  get double(): { readonly pid: number } | undefined {
    return this.prepared.double
  }

  /** The running process of a role. */
  process(role: string): RoleProcess {
    const found = this.processes.find((one) => one.role === role)
    if (!found) throw new Error(`No process has the role ${role}`)
    return found
  }

  /** Resolves when every process is ready. @throws Error with the log when one ends before that */
  async start(): Promise<void> {
    await this.prepare()
    this.processes = await Promise.all(this.prepared.roles.map((role) => this.launch(role)))
  }

  /** Starts one process and waits until it is ready. */
  async launch(role: string, settings: Settings = {}): Promise<RoleProcess> {
    if (over) throw new Error('The tests of this file are over')
    const child = spawn(process.execPath, [MAIN], {
      env: { ...this.environment(), LEDGERDESK_ROLE: role, ...prefixed(settings) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.log.push(text))
    const lines = createInterface({ input: child.stdout })
    const url = await new Promise<string>((found, failed) => {
      lines.on('line', (line) => {
        this.log.push(line)
        const { msg, url } = JSON.parse(line) as { msg: string; url: string }
        if (msg === 'serving') found(url)
      })
      child.once('exit', (code) => failed(new Error(`The server ended (${code}):\n${this.log.join('\n')}`)))
    })
    const started = { role, url, child }
    await this.ready(started)
    return started
  }

  /** Starts the one of a role anew, which has ended. */
  async restart(role: string): Promise<void> {
    const index = this.processes.indexOf(this.process(role))
    this.processes[index] = await this.launch(role)
  }

  /** Ends all processes; `SIGKILL` gives them no chance to tidy up. @returns the worst exit code, null when killed */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const codes = await Promise.all(this.processes.map(({ child }) => ended(child, signal)))
    return codes.includes(null) ? null : Math.max(0, ...(codes as number[]))
  }

  async dispose(): Promise<void> {
    await this.end()
    await (await this.deployed).dispose()
  }

  /** Runs the command line on this server's data. @returns what it printed */
  async cli(...args: string[]): Promise<string> {
    await this.prepare()
    const { stdout } = await promisify(execFile)(process.execPath, this.command(...args), {
      env: this.environment(),
    })
    return stdout.trim()
  }

  /** A token by the command line, as the first administrator gets hers. */
  createToken(person: string, ...roles: Role[]): Promise<string> {
    return this.cli('token', 'create', '--person', person, ...roles.flatMap((role) => ['--role', role]))
  }

  /** Arguments of Node for the command line. */
  command(...args: string[]): string[] {
    return [CLI, ...args]
  }

  environment(): NodeJS.ProcessEnv {
    const settings = prefixed({ PORT: '0', LOG_LEVEL: 'info', ...this.settings })
    return { PATH: process.env.PATH, ...this.prepared.environment, ...settings }
  }

  /** Until here it has no data, and no environment. */
  async prepare(): Promise<void> {
    this.deployment = await this.deployed
  }

  private get prepared(): Deployment {
    if (!this.deployment) throw new Error('Prepare the server first')
    return this.deployment
  }

  private async ready({ role, url }: RoleProcess): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS
    for (;;) {
      const response = await fetch(`${url}/health/ready`)
      const text = await response.text()
      if (response.ok) return
      if (performance.now() > deadline) throw new Error(`${role} does not get ready: ${text}`)
      await sleep(50)
    }
  }
}

function prefixed(settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`LEDGERDESK_${name}`, value]))
}

/** Ends a process. @returns its exit code, null when killed */
export function ended(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  const exited = new Promise<number | null>((done) => child.once('exit', done))
  child.kill(signal)
  return exited
}
