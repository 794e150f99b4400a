import type { Kafka } from 'kafkajs'
import { eventually } from '../../testing/eventually.js'
import { TopicLease } from './topic-lease.js'

const TOPIC = { name: 'incidents', partitions: 1 }
const RANGE = { topic: TOPIC.name, partition: 0, from: 0, end: 1 }
/** Two thirds of it may pass between two heartbeats: more than a busy machine makes a timer wait. */
const SESSION_MS = 900

/** A broker that gives every topic to who asks, answers heartbeats, and sends no message. */
class SilentBroker {
  readonly #listeners = new Map<string, (event: object) => void>()
  readonly #heartbeats = setInterval(() => this.#tell('HEARTBEAT', {}), SESSION_MS / 12)
  asked = 0
  left = false

  readonly kafka = {
    consumer: () => ({
      events: {
        HEARTBEAT: 'HEARTBEAT',
        GROUP_JOIN: 'GROUP_JOIN',
        END_BATCH_PROCESS: 'END_BATCH_PROCESS',
        CRASH: 'CRASH',
      },
      on: (event: string, listener: (event: object) => void) => this.#listeners.set(event, listener),
      connect: async () => {},
      subscribe: async () => {},
      run: async () => this.#tell('GROUP_JOIN', { payload: { memberAssignment: { [TOPIC.name]: [0] } } }),
      pause: () => {},
      resume: () => {},
      seek: () => {
        this.asked++
      },
      disconnect: async () => {
        clearInterval(this.#heartbeats)
        this.left = true
      },
    }),
  } as unknown as Kafka

  #tell(event: string, told: object): void {
    this.#listeners.get(event)?.(told)
  }
}

describe('the lease of a topic, while no message comes', () => {
  let broker: SilentBroker
  beforeEach(() => {
    broker = new SilentBroker()
  })

  it('is read no longer than it is to be held', async () => {
    const stop = new AbortController()
    const lease = await TopicLease.take(broker.kafka, TOPIC, 60_000, { signal: stop.signal })
    const reading = lease.read([RANGE])
    await eventually('it asks', () => broker.asked === 1)
    stop.abort(new Error('The process ends'))
    await expect(reading).rejects.toThrow('The process ends')
    // What was published is still to be remembered
    expect(lease.lost.aborted).toBe(false)
    await lease.release()
    expect(broker.left).toBe(true)
  })

  it('is lost after a while, heartbeats or not', async () => {
    const lease = await TopicLease.take(broker.kafka, TOPIC, SESSION_MS, {})
    await expect(lease.read([RANGE])).rejects.toMatchObject({ code: 'BROKER.UNAVAILABLE' })
    expect(lease.lost.aborted).toBe(true)
    await lease.release()
  })

  it('is kept while nobody reads', async () => {
    const lease = await TopicLease.take(broker.kafka, TOPIC, SESSION_MS, {})
    await new Promise((resolve) => setTimeout(resolve, SESSION_MS * 4))
    lease.assertHeld()
    await lease.release()
  })
})
