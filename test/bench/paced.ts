import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { GROUPS, openingBody, seeded } from './opening.js'
import { answer, input } from './programs.js'
import { type Latencies, latencies } from './statistics.js'

/** A program: sends commands at a fixed rate, whether they are answered or not, and looks at the answers of queries meanwhile. */
export interface Paced {
  url: string
  token: string
  /** A second; half open an incident, half add a work note to one opened before. */
  commandsPerSecond: number
  seconds: number
  warmUpSeconds: number
  /** Measures from an acknowledgement to the answer of the incident's queue that contains it, for one in so many commands. */
  visibleEvery?: number
  /** Each is asked again and again by so many clients, each waiting so long between an answer and the next question. */
  polls: Poll[]
}

export interface Poll {
  name: string
  /** `{group}` becomes one of the groups. */
  path: string
  clients: number
  pauseMs: number
}

export interface PacedResult {
  commands: Latencies & { perSecond: number }
  visible?: Latencies
  polls: Record<string, Latencies>
  /** Answers other than 2xx. */
  failed: number
  failures: string[]
}

const paced = input<Paced>()
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const authorization = `Bearer ${paced.token}`
const random = seeded(11)
const commands: number[] = []
const visible: number[] = []
const polled: Record<string, number[]> = {}
const opened: string[] = []
let failed = 0
const failures: string[] = []
let counting = false

function send(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const payload = body && JSON.stringify(body)
    const headers = {
      authorization,
      ...(payload && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    }
    const sent = request(`${paced.url}${path}`, { method, agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
    sent.once('error', reject)
    sent.end(payload)
  })
}

async function timed(into: number[], method: string, path: string, body?: object): Promise<string> {
  const start = performance.now()
  const { status, text } = await send(method, path, body)
  if (counting) into.push(performance.now() - start)
  if (status >= 300) {
    failed++
    if (failures.length < 3) failures.push(`${method} ${path}: ${status} ${text.slice(0, 300)}`)
    return '{}'
  }
  return text
}

async function command(n: number): Promise<void> {
  if (n % 2 === 1 && opened.length > 0) {
    const number = opened[random() % opened.length]!
    await timed(commands, 'POST', `/incidents/${number}/work-notes`, { text: `Looked at it, ${n}` })
    return
  }
  const body = openingBody(random)
  const { id, position } = JSON.parse(await timed(commands, 'POST', '/incidents', body))
  if (id === undefined) return
  opened[opened.length < 1_000 ? opened.length : random() % 1_000] = id
  if (paced.visibleEvery && n % paced.visibleEvery === 0)
    await timed(visible, 'GET', `/queues/${body.assignmentGroup}?pageSize=1&minPosition=${position}`)
}

async function poll({ name, path, clients, pauseMs }: Poll): Promise<void> {
  polled[name] = []
  const client = async () => {
    while (!ended) {
      await timed(polled[name]!, 'GET', path.replace('{group}', `group-${1 + (random() % GROUPS)}`))
      await sleep(pauseMs)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
}

let ended = false
const total = paced.warmUpSeconds + paced.seconds
const start = performance.now()
const underWay = new Set<Promise<void>>(paced.polls.map(poll))
for (let sent = 0; ; ) {
  const elapsed = (performance.now() - start) / 1_000
  if (elapsed >= total) break
  counting = elapsed >= paced.warmUpSeconds
  for (; sent < elapsed * paced.commandsPerSecond; sent++) {
    const one: Promise<void> = command(sent).finally(() => underWay.delete(one))
    underWay.add(one)
  }
  await sleep(2)
}
ended = true
await Promise.all(underWay)
agent.destroy()

await answer({
  commands: { ...latencies(commands), perSecond: commands.length / paced.seconds },
  visible: paced.visibleEvery ? latencies(visible) : undefined,
  polls: Object.fromEntries(Object.entries(polled).map(([name, times]) => [name, latencies(times)])),
  failed,
  failures,
} satisfies PacedResult)
