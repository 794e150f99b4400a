import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { POSITION_HEADER, registerSnappy } from '#libs/event-publisher/kafka'
import { eventually } from '../../libs/testing/eventually.js'
import { kafkaClient } from './kafka.js'
import { openingBody, seeded } from './opening.js'
import { answer, input } from './programs.js'
import { type Latencies, latencies } from './statistics.js'

/**
 * A program: opens incidents at a steady rate and consumes their topic; how long after a command's answer its last event
 * is with the consumer, in milliseconds.
 */
export interface Arrival {
  url: string
  token: string
  brokers: string[]
  topic: string
  commandsPerSecond: number
  /** Not counted. */
  warmUpSeconds: number
  seconds: number
}

const LAST_MS = 30_000

const { url, token, brokers, topic, commandsPerSecond, warmUpSeconds, seconds } = input<Arrival>()
registerSnappy()
const kafka = kafkaClient(brokers)
const admin = kafka.admin()
await admin.connect()
while (!(await admin.listTopics()).includes(topic)) await sleep(100)
await admin.disconnect()

const arrivedAt = new Map<string, number>()
const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}` })
const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  eachMessage: async ({ message }) => {
    const position = String(message.headers?.[POSITION_HEADER])
    if (!arrivedAt.has(position)) arrivedAt.set(position, performance.now())
  },
})
await joined

const random = seeded(7)
const answeredAt = new Map<string, number>()
const started = performance.now()
async function open(counted: boolean): Promise<void> {
  const response = await fetch(`${url}/incidents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...openingBody(random), audience: { kind: 'public' } }),
  })
  const answered = performance.now()
  if (!response.ok) throw new Error(`POST /incidents: ${response.status} ${await response.text()}`)
  const { position } = (await response.json()) as { position: string }
  if (counted) answeredAt.set(position, answered)
}
const opened: Promise<void>[] = []
for (let n = 0; n < (warmUpSeconds + seconds) * commandsPerSecond; n++) {
  await sleep(started + (n * 1_000) / commandsPerSecond - performance.now())
  opened.push(open(n >= warmUpSeconds * commandsPerSecond))
}
await Promise.all(opened)
const arrived = () => [...answeredAt.keys()].every((position) => arrivedAt.has(position))
await eventually('all are on the topic', arrived, LAST_MS)
await consumer.disconnect()
const taken = [...answeredAt].map(([position, answered]) => arrivedAt.get(position)! - answered)
await answer(latencies(taken) satisfies Latencies)
