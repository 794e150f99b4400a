import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Generated } from './generate.js'

/** A server under test, in a process of its own. */
export interface Server {
  url: string
  /** Resident memory, MiB. */
  memory(): number
  /** Processor time so far, seconds: of the thread that answers HTTP and appends, and of all threads. */
  processorTime(): { main: number; all: number }
  /** Resolves when all read models have caught up and no build is under way; gives since when (`performance.now()`). */
  idle(): Promise<number>
  /** Resolves when it says that it is ready. */
  ready(): Promise<void>
  stop(): Promise<void>
}

const STOP_MS = 30_000

/** Starts Ledgerdesk as `npm start` would. @param settings of its environment, without their prefix */
export async function startLedgerdesk(
  { dataDir, administratorToken }: Pick<Generated, 'dataDir' | 'administratorToken'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const script = fileURLToPath(new URL('../../src/main.js', import.meta.url))
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ').filter(Boolean) ?? []
  const child = spawn(process.execPath, [...flags, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      LEDGERDESK_DATA_DIR: dataDir,
      LEDGERDESK_PORT: '0',
      LEDGERDESK_LOG_LEVEL: 'info',
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`LEDGERDESK_${name}`, value])),
    },
  })
  const lines = createInterface({ input: child.stdout! })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}`)))
    lines.on('line', (line) => {
      const { msg, url, level } = JSON.parse(line) as { msg: string; url?: string; level: string | number }
      if (msg === 'serving') resolve(url!)
      if (Number(level) >= 40 || level === 'warn' || level === 'error') console.error(line)
    })
  })
  return serverOf(child, url, administratorToken)
}

export function startPeer({ dataDir }: Pick<Generated, 'dataDir'>): Promise<Server> {
  return startProgram('peer', { dataDir })
}

/** Starts a program of this folder that serves HTTP and tells its address. */
export async function startProgram(name: string, given: object): Promise<Server> {
  const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(given)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return serverOf(child, url, '')
}

function serverOf(child: ChildProcess, url: string, token: string): Server {
  return {
    url,
    memory: () => residentMemory(child.pid!),
    processorTime: () => ({
      main: processorTime(`/proc/${child.pid}/task/${child.pid}/stat`),
      all: processorTime(`/proc/${child.pid}/stat`),
    }),
    idle: () => idle(url, token),
    async ready() {
      while (!(await fetch(`${url}/health/ready`)).ok) await sleep(100)
    },
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await exited
      clearTimeout(late)
    },
  }
}

function residentMemory(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kibibytes) / 1024)
}

async function idle(url: string, token: string): Promise<number> {
  let since = 0
  for (let calm = 0; calm < 3; ) {
    const response = await fetch(`${url}/projections`, { headers: { authorization: `Bearer ${token}` } })
    if (!response.ok) throw new Error(`GET /projections: ${response.status} ${await response.text()}`)
    const { items } = (await response.json()) as { items: { lag: number; status: string; state: string }[] }
    const done = items.every(
      ({ lag, status, state }) => lag === 0 && status !== 'building' && state === 'following',
    )
    calm = items.length > 0 && done ? calm + 1 : 0
    if (calm === 1) since = performance.now()
    await sleep(200)
  }
  return since
}

/** Linux counts in hundredths of a second (proc(5): utime and stime are the 14th and 15th field). */
function processorTime(file: string): number {
  const fields = readFileSync(file, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
