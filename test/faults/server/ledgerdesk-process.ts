import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type CompiledCopy, compiledCopy } from '../../../libs/testing/compiled-copy.js'

/** How a command of the command line ended. */
export interface CommandOutcome {
  code: number
  stdout: string
  stderr: string
}

/** The built program, as users have it: processes of their own, ended by signals. */
export class Ledgerdesk {
  private readonly compiled: CompiledCopy = compiledCopy('src', 'libs', 'projections')
  private readonly running = new Set<ServerProcess>()

  /** @param settings of all its processes */
  constructor(private readonly settings: Record<string, string> = {}) {}

  /** Starts a server on a free port. Resolves once it serves. */
  async serve(dataDir: string, environment: Record<string, string> = {}): Promise<ServerProcess> {
    const server = this.launch(dataDir, environment)
    await server.serving
    return server
  }

  /** Starts a server and does not wait for it. */
  launch(dataDir: string, environment: Record<string, string> = {}): ServerProcess {
    const child = spawn(process.execPath, [this.compiled.program('src/main.ts')], {
      env: this.environment(dataDir, environment),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const server = new ServerProcess(child)
    this.running.add(server)
    void server.exited.then(() => this.running.delete(server))
    return server
  }

  /** Runs a command of the command line to its end. */
  run(dataDir: string, ...words: string[]): Promise<CommandOutcome> {
    const options = { env: this.environment(dataDir, {}), maxBuffer: 1e8 }
    return new Promise((resolve) => {
      const program = this.compiled.program('src/cli.ts')
      execFile(process.execPath, [program, ...words], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, stdout, stderr })
      })
    })
  }

  /** Starts a command that goes on, and gives its lines as they come until the reader has enough; then it is interrupted. */
  async *follow(dataDir: string, ...words: string[]): AsyncGenerator<string, void, undefined> {
    const child = spawn(process.execPath, [this.compiled.program('src/cli.ts'), ...words], {
      env: this.environment(dataDir, {}),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
    try {
      yield* createInterface({ input: child.stdout! })
    } finally {
      child.kill('SIGINT')
      await exited
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.running].map((server) => server.kill()))
    this.compiled.dispose()
  }

  private environment(dataDir: string, more: Record<string, string>): NodeJS.ProcessEnv {
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(LEDGERDESK_|NODE_OPTIONS|JEST_)/.test(name),
    )
    const standard = { LEDGERDESK_DATA_DIR: dataDir, LEDGERDESK_PORT: '0' }
    return { ...Object.fromEntries(own), ...standard, ...this.settings, ...more }
  }
}

interface LogLine {
  level: string
  msg: string
  url?: string
}

/** A server in a process of its own. */
export class ServerProcess {
  /** Where it serves; known once `serving` is resolved. */
  url = ''
  /** What it has logged. */
  readonly lines: LogLine[] = []
  /** Milliseconds from the start of the process until it served. */
  readonly serving: Promise<number>
  /** Exit code; null after a signal. */
  readonly exited: Promise<number | null>
  private errors = ''

  constructor(private readonly child: ChildProcess) {
    const started = performance.now()
    child.stderr!.on('data', (chunk) => {
      this.errors += chunk
    })
    this.exited = new Promise((resolve) => child.once('close', (code) => resolve(code)))
    this.serving = new Promise((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (text) => {
        const line = JSON.parse(text) as LogLine
        this.lines.push(line)
        if (line.msg !== 'serving') return
        this.url = line.url!
        resolve(performance.now() - started)
      })
      void this.exited.then((code) => reject(new Error(`The server ended (${code}): ${this.output()}`)))
    })
    // Whoever kills it while it starts does not care.
    this.serving.catch(() => {})
  }

  get pid(): number {
    return this.child.pid!
  }

  /** SIGKILL: no chance to do anything. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }

  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null> {
    this.child.kill('SIGTERM')
    return this.exited
  }

  /** Everything that it said, for people. */
  output(): string {
    const wanted = this.lines.filter(({ level }) => level !== 'info').map((line) => JSON.stringify(line))
    return [...wanted, this.errors].join('\n')
  }
}
