import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'

export interface Ended {
  code: number | null
  /** Standard output and error, as they came. */
  output: string
}

/** Runs a program to its end. @throws Error when it is not installed */
export function run(
  program: string,
  args: readonly string[],
  options: { input?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((ended, failed) => {
    const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
    const environment = { ...process.env, ...quiet, ...options.env }
    const child = spawn(program, args, { stdio: 'pipe', env: environment, cwd: options.cwd })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.once('error', failed)
    child.once('close', (code) => ended({ code, output }))
    child.stdin.end(options.input)
  })
}

/** A program of the package `verifiers`, which has its own lock file so that product code cannot import it. */
export function verifier(name: string): string {
  return join(resolve(__dirname), 'verifiers/node_modules/.bin', name)
}
