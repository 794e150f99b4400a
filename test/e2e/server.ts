import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Role } from '#libs/access'

const ROOT = resolve(__dirname, '../..')
const MAIN = join(ROOT, 'dist/src/main.js')
const CLI = join(ROOT, 'dist/src/cli.js')

/** Settings without their prefix: `{ ATTACHMENT_MAX_BYTES: '1 KiB' }`. */
export type Settings = Readonly<Record<string, string>>

/** The built server as a child process, on a data folder of its own and a free port. */
export class ServerProcess {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'ledgerdesk-e2e-'))
  readonly log: string[] = []
  private child: ChildProcess | undefined
  private address = ''

  constructor(private readonly settings: Settings = {}) {
    if (!existsSync(MAIN)) throw new Error('There is no dist: run `npm run build` first')
  }

  get url(): string {
    return this.address
  }

  /** Resolves when the server says where it listens. @throws Error with its log when it ends before that */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.log.push(text))
    const lines = createInterface({ input: child.stdout })
    this.address = await new Promise<string>((found, failed) => {
      lines.on('line', (line) => {
        this.log.push(line)
        const { msg, url } = JSON.parse(line) as { msg: string; url: string }
        if (msg === 'serving') found(url)
      })
      child.once('exit', (code) => failed(new Error(`The server ended (${code}):\n${this.log.join('\n')}`)))
    })
  }

  /** Ends the server; `SIGKILL` gives it no chance to tidy up. @returns its exit code, null when killed */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const ended = new Promise<number | null>((done) => child.once('exit', done))
    child.kill(signal)
    return ended
  }

  async dispose(): Promise<void> {
    await this.end()
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  /** Runs the command line on this server's data folder. @returns what it printed */
  async cli(...args: string[]): Promise<string> {
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
    const settings = { PORT: '0', LOG_LEVEL: 'info', ...this.settings, DATA_DIR: this.dataDir }
    const prefixed = Object.entries(settings).map(([name, value]) => [`LEDGERDESK_${name}`, value])
    return { PATH: process.env.PATH, ...Object.fromEntries(prefixed) }
  }
}
