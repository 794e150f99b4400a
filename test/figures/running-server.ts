import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const CLI = join(__dirname, '../../dist/src/cli.js')

/** While the command line runs, this process stands still, and a kept connection would be closed meanwhile. */
const ONE_REQUEST = { connection: 'close' }

/** A data folder of its own, the command line on it, and a server over it: as a user has them. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-figures-'))
  private server: ChildProcess | undefined
  private url = ''

  private get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      LEDGERDESK_DATA_DIR: this.folder,
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
    const server = spawn(process.execPath, [CLI, 'serve'], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.server = server
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
    if (this.server) {
      const exit = once(this.server, 'exit')
      this.server.kill('SIGTERM')
      await exit
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}
