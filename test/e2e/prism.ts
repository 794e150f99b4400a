import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'

const PRISM = join(resolve(__dirname, '../..'), 'test/contract/verifiers/node_modules/.bin/prism')

/** Where requests go so that Prism sees the answers, and what they must say. */
export interface BehindPrism {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  stop?(): Promise<void>
}

/**
 * Which requests go by Prism, that takes as long for each as the server does: of each operation the first so many. It has seen
 * then what it would see of the others; every answer is held against the contract by the client as well.
 */
export class FirstOfEach {
  private readonly asked = new Map<string, number>()

  /** @param times default: `E2E_PRISM_TIMES`, or all of them */
  constructor(private readonly times = Number(process.env.E2E_PRISM_TIMES || Number.POSITIVE_INFINITY)) {}

  /** Whether this one is among them; counts it. */
  takes(operation: string): boolean {
    const asked = (this.asked.get(operation) ?? 0) + 1
    this.asked.set(operation, asked)
    return asked <= this.times
  }
}

/**
 * The way to a server through the run's Prism (`test/servers/prism.mjs`, which names it in `E2E_PRISM_URL`), or through
 * one of its own when the server publishes another contract than the run's Prism has read. Without `E2E_PRISM_URL` there is
 * none.
 * @param contract the text that the server publishes
 */
export async function throughPrism(upstream: string, contract: string): Promise<BehindPrism | undefined> {
  const { E2E_PRISM_URL, E2E_PRISM_CONTRACT = '' } = process.env
  if (!E2E_PRISM_URL) return undefined
  if (readFileSync(E2E_PRISM_CONTRACT, 'utf8') !== contract) return PrismProxy.start(upstream)
  return { url: E2E_PRISM_URL, headers: { 'x-upstream': upstream } }
}

/** Stoplight's Prism between caller and server: an answer outside the contract becomes a 500 that says so. */
export class PrismProxy {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(upstream: string): Promise<PrismProxy> {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const args = [
      'proxy',
      '--errors',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      `${upstream}/openapi.json`,
      upstream,
    ]
    const child = spawn(PRISM, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    await new Promise<void>((listening, failed) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
          if (output.includes('Prism is listening')) listening()
        })
      }
      child.once('error', failed)
      child.once('exit', (code) => failed(new Error(`Prism ended (${code}):\n${output}`)))
    })
    return new PrismProxy(child, url)
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = new Promise((done) => this.child.once('exit', done))
    this.child.kill()
    await ended
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
