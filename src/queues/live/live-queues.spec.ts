import { setTimeout as sleep } from 'node:timers/promises'
import type { Principal } from '#libs/access'
import { type NewEvent, Unavailable } from '#libs/event-sourcing'
import { eventually, InMemoryEventStore } from '#libs/testing'
import { principal } from '#projections/principals.fixture'
import { LiveQueues } from './live-queues.js'
import type { QueueStream } from './queue-stream.js'

const ann = principal('ann', ['agent'])

describe('The live queues of a process', () => {
  let store: InMemoryEventStore
  let asked: { name: string; args: { keys?: string[] } }[]
  let now: (id: string) => Principal | undefined
  let away: boolean
  let live: LiveQueues
  let count: number

  beforeEach(() => {
    store = new InMemoryEventStore()
    asked = []
    now = () => ann
    away = false
    live = new LiveQueues({
      eventStore: store,
      principal: (id) => now(id),
      gatherMilliseconds: 1,
      checkMilliseconds: 10,
      onCount: (streams) => {
        count = streams
      },
      queries: {
        async ask(query, args) {
          asked.push({ name: query.name, args: args as never })
          return { json: JSON.stringify(answer(query.name, args as never)) }
        },
      },
    })
  })

  function answer(name: string, { keys = [] }: { keys?: string[] }): unknown {
    switch (name) {
      case 'liveQueueScope':
        return { group: 'Desk' }
      case 'liveQueuePage':
        return { rows: [] }
      case 'changedEntries':
        if (away) throw new Unavailable('PROJECTION.LAGGING', 'late')
        return keys.map((key) => {
          const number = key.slice('incident-'.length)
          return { number, entry: { number, state: 'New', assignmentGroup: 'Desk', audienceKind: 'public' } }
        })
      default:
        return null
    }
  }

  async function listener(): Promise<{ stream: QueueStream; text: () => string }> {
    const stream = await live.open({ principal: ann, group: 'Desk' }, { authenticate: () => ann })
    let text = ''
    stream.on('data', (part: string) => {
      text += part
    })
    return { stream, text: () => text }
  }

  let events = 0
  const touch = (number: string) => {
    const id = `00000000-0000-4000-8000-${String(events++).padStart(12, '0')}`
    const metadata = {
      actor: 'ann',
      channel: 'api',
      occurredAt: '2026-01-05T09:00:00.000Z',
      commandId: id,
      correlationId: 'test',
      schemaVersion: 1,
    } as const
    const event: NewEvent = { id, type: 'WorkStarted', data: {}, metadata }
    return store.append({ stream: `incident-${number}`, expectedRevision: 'noStream', events: [event] })
  }
  const reads = () => asked.filter(({ name }) => name === 'changedEntries')

  it('read what a batch has touched once, for however many listeners', async () => {
    const listeners = await Promise.all(Array.from({ length: 300 }, listener))
    expect(count).toBe(300)
    for (const number of ['1', '2', '3']) await touch(number)
    for (const { text } of listeners)
      await eventually('all three', () => text().match(/event: enter/g)?.length === 3)
    expect(
      reads()
        .flatMap(({ args }) => args.keys)
        .sort(),
    ).toEqual(['incident-1', 'incident-2', 'incident-3'])
  })

  it('read nothing while nobody listens, and begin at the end of the log again', async () => {
    const { stream } = await listener()
    stream.destroy()
    await eventually('gone', () => live.listeners === 0)
    await touch('1')
    await sleep(20)
    expect(reads()).toEqual([])
    const { text } = await listener()
    await touch('2')
    await eventually('the second', () => text().includes('"number":"2"'))
    expect(text()).not.toContain('"number":"1"')
  })

  it('wait for a read model that is late, and lose nothing', async () => {
    const { text } = await listener()
    away = true
    await touch('1')
    await eventually('asked in vain', () => reads().length > 1)
    await touch('2')
    away = false
    await eventually('both', () => text().includes('"number":"1"') && text().includes('"number":"2"'))
  })

  it('end the stream of whoever has lost a right before the next row is told', async () => {
    const { stream, text } = await listener()
    await eventually('level', () => text().includes('event: level'))
    now = () => undefined
    await touch('1')
    await eventually('it ends', () => stream.readableEnded)
    expect(text()).not.toContain('enter')
  })

  it('leave the thread to others between listeners, and forget nobody who comes meanwhile', async () => {
    const listeners = await Promise.all(Array.from({ length: 50 }, listener))
    for (const { text } of listeners) await eventually('level', () => text().includes('event: level'))
    const told = () => listeners.filter(({ text }) => text().includes('enter')).length
    const toldAtATurn: number[] = []
    let late: Awaited<ReturnType<typeof listener>> | undefined
    const watching = async () => {
      while (told() < listeners.length) {
        await new Promise(setImmediate)
        toldAtATurn.push(told())
        if (told() > 0) late ??= await listener()
      }
    }
    await Promise.all([touch('1'), watching()])
    expect(toldAtATurn.filter((few) => few > 0 && few < listeners.length).length).toBeGreaterThan(1)
    await touch('2')
    await eventually('the late one', () => late?.text().includes('"number":"2"') === true)
  })

  it('tell whoever comes after all have left nothing of what was being told to those', async () => {
    const listeners = await Promise.all(Array.from({ length: 50 }, listener))
    for (const { text } of listeners) await eventually('level', () => text().includes('event: level'))
    const heeded = jest.fn(() => ann)
    now = heeded
    const leaving = async () => {
      while (heeded.mock.calls.length === 0) await new Promise(setImmediate)
      for (const { stream } of listeners) stream.destroy()
      while (live.listeners > 0) await new Promise<void>((next) => process.nextTick(next))
      return listener()
    }
    const [late] = await Promise.all([leaving(), touch('1')])
    await eventually('level', () => late.text().includes('event: level'))
    await sleep(20)
    expect(late.text()).not.toContain('"number":"1"')
    await touch('2')
    await eventually('the next', () => late.text().includes('"number":"2"'))
  })

  it('end all streams when the server goes down, and take no new ones', async () => {
    const listeners = await Promise.all([listener(), listener()])
    live.close()
    for (const { stream } of listeners) await eventually('it ends', () => stream.readableEnded)
    await eventually('none is counted', () => count === 0)
    await expect(listener()).rejects.toThrow('The server is going down')
  })

  it('open nothing for a question that is refused', async () => {
    const refused = new LiveQueues({
      eventStore: store,
      principal: () => ann,
      queries: { ask: () => Promise.reject(new Error('no such group')) },
    })
    await expect(
      refused.open({ principal: ann, group: 'Desk' }, { authenticate: () => ann }),
    ).rejects.toThrow('no such group')
    expect(refused.listeners).toBe(0)
  })
})
