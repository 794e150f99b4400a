import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from './opening.js'
import { answer, input } from './programs.js'
import { type Latencies, latencies } from './statistics.js'

/** A program: a desk of people at work, all at a fixed rate together, whether they are answered or not. */
export interface Desk {
  url: string
  administratorToken: string
  agents: number
  /** Of all together. */
  commandsPerSecond: number
  seconds: number
  seed: number
}

export interface DeskResult {
  commands: Latencies
  looks: Latencies
  /** From the answer of one's own command to the event of one's own live queue. */
  lag: Latencies
  /** Answered commands of which the live queue told nothing. */
  unseen: number
  /** Live queues that ended before the desk did. */
  cut: number
  refused: number
  errors: number
  failures: string[]
  takenByTwo: number
  /** Resident, of the server, with all live queues open; MiB. */
  memory: { start: number; end: number }
}

interface Person {
  id: string
  token: string
  group: string
  /** What she works on. */
  tickets: string[]
  held: Set<string>
  /** Answers that her live queue has not shown yet, in order. */
  awaited: { position: string; at: number }[]
  busy: boolean
}

/** People of one group, who look at one queue. */
const PER_GROUP = 30
/** Tickets that wait in each group when the day begins. */
const WAITING = 20
/** Expected where several people want the same. */
const OTHERS_WERE_FASTER = new Set([
  'QUEUE.EMPTY',
  'QUEUE.CONTESTED',
  'INCIDENT.ALREADY_ASSIGNED',
  'INCIDENT.NOT_OPEN',
])

const desk = input<Desk>()
const http = new Agent({ keepAlive: true, maxSockets: 128 })
const streams = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY })
const random = seeded(desk.seed + 17)
const commands: number[] = []
const looks: number[] = []
const lags: number[] = []
const failures: string[] = []
let [refused, errors, cut] = [0, 0, 0]
let [counting, ended] = [false, false]

interface Reply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: whatever the endpoint answers
  body: any
}

function send(token: string, method: string, path: string, body?: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const payload = body && JSON.stringify(body)
    const headers = {
      authorization: `Bearer ${token}`,
      ...(payload && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    }
    const sent = request(`${desk.url}${path}`, { method, agent: http, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text || '{}') }))
    })
    sent.once('error', reject)
    sent.end(payload)
  })
}

function failed(what: string): void {
  errors++
  if (failures.length < 5) failures.push(what)
}

async function must(method: string, path: string, body?: object): Promise<Reply['body']> {
  const reply = await send(desk.administratorToken, method, path, body)
  if (reply.status < 300) return reply.body
  throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
}

async function command(person: Person, path: string, body: object = {}): Promise<Reply['body'] | undefined> {
  const start = performance.now()
  const { status, body: told } = await send(person.token, 'POST', path, body)
  if (counting) commands.push(performance.now() - start)
  if (status < 300) return told
  if (OTHERS_WERE_FASTER.has(told.code)) refused++
  else failed(`POST ${path}: ${status} ${JSON.stringify(told).slice(0, 300)}`)
  return undefined
}

/** A command about a row of her own queue. */
async function work(person: Person, path: string, body?: object): Promise<string | undefined> {
  const told = await command(person, path, body)
  if (told) person.awaited.push({ position: told.position, at: performance.now() })
  return told?.id
}

const queueOf = ({ group }: Person) => `/queues/${group}`

/** Takes what is next, or what she has just seen in the queue, as others do at the same moment. */
async function take(person: Person): Promise<void> {
  if (random() % 3 > 0) {
    const number = await work(person, `${queueOf(person)}/take-next`)
    if (number) person.tickets.push(number)
    return
  }
  const start = performance.now()
  const { status, body } = await send(person.token, 'GET', `${queueOf(person)}?pageSize=20`)
  if (counting) looks.push(performance.now() - start)
  if (status >= 300) return failed(`GET ${queueOf(person)}: ${status}`)
  const free = (body.items as { number: string; assignee?: string; state: string }[]).find(
    ({ assignee, state }) => assignee === undefined && state === 'New',
  )
  const number = free && (await work(person, `/incidents/${free.number}/accept`))
  if (number) person.tickets.push(number)
}

async function goOn(person: Person): Promise<void> {
  const number = person.tickets[random() % person.tickets.length]!
  const path = `/incidents/${number}`
  if (person.held.has(number)) {
    person.held.delete(number)
    await work(person, `${path}/resume`)
    return
  }
  const dice = random() % 10
  if (dice < 4) await work(person, `${path}/comments`, { text: `We are looking at it (${dice})` })
  else if (dice < 5) await work(person, `${path}/work-notes`, { text: 'Restarted the spooler' })
  else if (dice < 6) {
    person.held.add(number)
    await work(person, `${path}/hold`, { holdReason: 'awaiting-vendor' })
  } else {
    person.tickets = person.tickets.filter((one) => one !== number)
    await work(person, `${path}/resolve`, { code: 'fixed', notes: 'Works again' })
  }
}

async function step(person: Person): Promise<void> {
  // What one person does, she does one after the other; the phone rings for whoever is busy
  const dice = random() % 10
  if (person.busy || dice < 3) {
    await command(person, '/incidents', {
      title: 'Printer does not print',
      category: `Category ${random() % 20}`,
      impact: 1 + (random() % 3),
      urgency: 1 + (random() % 3),
      assignmentGroup: person.group,
    })
    return
  }
  person.busy = true
  try {
    if (person.tickets.length === 0 || (dice < 5 && person.tickets.length < 4)) await take(person)
    else await goOn(person)
  } finally {
    person.busy = false
  }
}

/** Her live queue: only its ids are looked at. */
function watch(person: Person): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${person.token}`, accept: 'text/event-stream' }
    const sent = request(`${desk.url}${queueOf(person)}`, { agent: streams, headers }, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`${queueOf(person)}: ${response.statusCode}`))
        return
      }
      response.setEncoding('utf8')
      follow(person, response, () => resolve(sent))
    })
    sent.on('error', reject)
    sent.end()
  })
}

function follow(person: Person, response: IncomingMessage, level: () => void): void {
  let rest = ''
  response.on('data', (part: string) => {
    const text = rest + part
    const end = text.lastIndexOf('\n\n')
    rest = text.slice(end + 2)
    const complete = text.slice(0, end + 2)
    if (complete.includes('event: level')) level()
    const id = complete.lastIndexOf('\nid: ')
    if (id >= 0) seen(person, complete.slice(id + 5, id + 25))
  })
  response.on('close', () => {
    if (!ended) cut++
  })
}

function seen(person: Person, position: string): void {
  const now = performance.now()
  while (person.awaited.length > 0 && person.awaited[0]!.position <= position) {
    const { at } = person.awaited.shift()!
    if (counting) lags.push(now - at)
  }
}

async function enrolled(n: number): Promise<Person> {
  const id = `desk-agent-${n}`
  const group = `desk-${1 + Math.floor(n / PER_GROUP)}`
  await must('POST', '/people', { id, kind: 'person', name: `Agent ${n}` })
  await must('POST', `/people/${id}/grant-role`, { role: 'agent' })
  const { token } = await must('POST', `/people/${id}/issue-token`, { label: 'bench' })
  await must('POST', `/groups/${group}/add-member`, { person: id })
  return { id, token, group, tickets: [], held: new Set(), awaited: [], busy: false }
}

/** By the log itself: incidents that two people accepted without a hand-over between. */
async function takenByTwo(): Promise<number> {
  const holder = new Map<string, string>()
  let [found, after] = [0, '0'.repeat(20)]
  for (;;) {
    const types = 'types=IncidentAccepted&types=AssignedToGroup&types=AssignedToPerson'
    const { items, position, end } = await must('GET', `/events?after=${after}&limit=1000&${types}`)
    for (const { type, subject, data } of items) {
      const accepted = String(type).includes('IncidentAccepted')
      if (accepted && holder.has(subject) && holder.get(subject) !== data.person) found++
      if (accepted) holder.set(subject, data.person)
      else holder.delete(subject)
    }
    after = position
    if (end) return found
  }
}

async function memory(): Promise<number> {
  const text = await (await fetch(`${desk.url}/metrics`)).text()
  return Math.round(Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]) / 2 ** 20)
}

for (let n = 1; n <= Math.ceil(desk.agents / PER_GROUP); n++)
  await must('POST', '/groups', { id: `desk-${n}`, name: `Desk ${n}` })
const people: Person[] = []
for (let n = 0; n < desk.agents; n += 20)
  people.push(
    ...(await Promise.all(Array.from({ length: Math.min(20, desk.agents - n) }, (_, i) => enrolled(n + i)))),
  )
for (const person of people.filter((_, n) => n % PER_GROUP === 0))
  for (let n = 0; n < WAITING; n++)
    await command(person, '/incidents', { title: 'Since yesterday', assignmentGroup: person.group })
const watching = await Promise.all(people.map(watch))
const memoryAtStart = await memory()

counting = true
const start = performance.now()
const underWay = new Set<Promise<void>>()
for (let sent = 0; ; ) {
  const elapsed = (performance.now() - start) / 1_000
  if (elapsed >= desk.seconds) break
  for (; sent < elapsed * desk.commandsPerSecond; sent++) {
    const one: Promise<void> = step(people[random() % people.length]!)
      .catch((error: unknown) => failed(String(error)))
      .finally(() => underWay.delete(one))
    underWay.add(one)
  }
  await sleep(2)
}
await Promise.all(underWay)
counting = false
for (let wait = 0; wait < 50 && people.some(({ awaited }) => awaited.length > 0); wait++) await sleep(100)
const unseen = people.reduce((sum, { awaited }) => sum + awaited.length, 0)
const memoryAtEnd = await memory()
ended = true
for (const one of watching) one.destroy()
const result: DeskResult = {
  commands: latencies(commands),
  looks: latencies(looks),
  lag: latencies(lags),
  unseen,
  cut,
  refused,
  errors,
  failures,
  takenByTwo: await takenByTwo(),
  memory: { start: memoryAtStart, end: memoryAtEnd },
}
http.destroy()
await answer(result)
