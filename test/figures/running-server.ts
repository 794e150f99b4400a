import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Deployment, deploy } from '../servers/deployment.js'

const CLI = join(__dirname, '../../dist/src/cli.js')

/** While the command line runs, this process stands still, and a kept connection would be closed meanwhile. */
const ONE_REQUEST = { connection: 'close' }

/** Data of its own, the command line on it, and a server over it, in the shape that is asked for: as a user has them. */
export class Installation {
  private readonly servers: ChildProcess[] = []
  private url = ''

  private constructor(private readonly deployment: Deployment) {}

  static async make(): Promise<Installation> {
    return new Installation(await deploy())
  }

  get folder(): string {
    return this.deployment.dataDir
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      ...this.deployment.environment,
      LEDGERDESK_PORT: '0',
      LEDGERDESK_LOG_LEVEL: 'info',
    }
  }

  /** Runs the command line. @returns what it prints; throws when it fails, unless its exit code is among `codes` */
  run(args: readonly string[], codes: readonly number[] = [0]): string {
    try {
      return execFileSync(process.execPath, [CLI, ...args], {
        env: this.environment,
        encoding: 'utf8',
        // The whole log as text
        maxBuffer: 1 << 30,
      })
    } catch (error) {
      const { status, stdout } = error as { status: number; stdout: string }
      if (codes.includes(status)) return stdout
      throw error
    }
  }

  async serve(): Promise<void> {
    for (const role of this.deployment.roles) await this.serveRole(role)
    // To look costs as much as a second of what is waited for
    while (!this.isLevel()) await sleep(1_000)
  }

  /** Whether every read model has all that was recorded. */
  private isLevel(): boolean {
    const lags = this.run(['projections', 'lag', '--limit', '0'], [0, 1]).trim().split('\n')
    return lags.every((line) => line.endsWith('\t0.000'))
  }

  private async serveRole(role: string): Promise<void> {
    const server = spawn(process.execPath, [CLI, 'serve'], {
      env: { ...this.environment, LEDGERDESK_ROLE: role },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.servers.push(server)
    for await (const line of createInterface({ input: server.stdout! })) {
      const { url } = JSON.parse(line) as { url?: string }
      if (url === undefined) continue
      this.url = url
      break
    }
    server.stdout!.resume()
  }

  async get(path: string, token: string, accept = 'application/json'): Promise<Response> {
    const response = await fetch(this.url + path, {
      headers: { ...ONE_REQUEST, authorization: `Bearer ${token}`, accept },
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response
  }

  put(path: string, token: string, body: object): Promise<void> {
    return this.write('PUT', path, token, body)
  }

  post(path: string, token: string, body: object): Promise<void> {
    return this.write('POST', path, token, body)
  }

  private async write(method: string, path: string, token: string, body: object): Promise<void> {
    const headers = { ...ONE_REQUEST, authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(this.url + path, { method, headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }

  async dispose(): Promise<void> {
    for (const server of this.servers) {
      const exit = once(server, 'exit')
      server.kill('SIGTERM')
      await exit
    }
    await this.deployment.dispose()
  }
}
