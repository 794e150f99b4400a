import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '#libs/testing'
import { principal } from '#projections/principals.fixture'
import type { ChangesSince, LivePage } from './live-queue.queries.js'
import { type ChangedRow, QueueStream, type QueueStreamOptions, type RowSource } from './queue-stream.js'

const ann = principal('ann', ['agent'], ['Desk'])
const at = (n: number) => String(n).padStart(20, '0')

function row(number: string, more: object = {}): ChangedRow {
  const entry = { state: 'New', assignmentGroup: 'Desk', audienceKind: 'public', number, ...more }
  return { number, entry, data: JSON.stringify(entry) }
}

/** A queue as it is at some position. */
class Rows implements RowSource {
  position = at(1)
  changes: ChangesSince = null
  pages = 0

  constructor(private readonly rows: readonly ChangedRow[] = []) {}

  async page(): Promise<LivePage> {
    this.pages++
    return { rows: this.rows.map(({ number, data }) => [number, data]) }
  }

  async changesSince(): Promise<ChangesSince> {
    return this.changes
  }
}

interface Told {
  event: string
  number?: string
  id?: string
}

function streamOf(options: Partial<QueueStreamOptions> = {}): QueueStream {
  return new QueueStream({ principal: ann, scope: { group: 'Desk' }, authenticate: () => ann, ...options })
}

function reading(stream: QueueStream): Told[] {
  const told: Told[] = []
  let rest = ''
  stream.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop()!
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const event = field('event')
      if (event) told.push({ event, number: JSON.parse(field('data')!).number, id: field('id') })
    }
  })
  return told
}

describe('A stream of a queue', () => {
  it('begins with the rows, gives an id when the client has them all, then tells each change by what she has', async () => {
    const source = new Rows([row('1'), row('2')])
    const stream = streamOf()
    const told = reading(stream)
    void stream.run(source)
    await eventually('level', () => told.at(-1)?.event === 'level')
    expect(told).toEqual([
      { event: 'reset', id: '', number: undefined },
      { event: 'enter', id: undefined, number: '1' },
      { event: 'enter', id: undefined, number: '2' },
      { event: 'level', id: at(1), number: undefined },
    ])
    told.length = 0
    stream.offer([row('1'), row('3'), row('4', { assignmentGroup: 'Else' })], at(2))
    stream.offer([{ number: '2', entry: undefined, data: '' }, row('5', { audienceKind: 'groups' })], at(3))
    await eventually('told', () => told.length >= 3)
    expect(told).toEqual([
      { event: 'change', id: undefined, number: '1' },
      { event: 'enter', id: undefined, number: '3' },
      { event: 'leave', id: at(3), number: '2' },
    ])
  })

  it('goes on where the client was: what was touched, and what has left', async () => {
    const source = new Rows([row('1'), row('2'), row('3')])
    source.changes = {
      2: { before: true, later: true },
      3: { before: false, later: true },
      4: { before: true, later: false },
      5: { before: false, later: false },
      // She may have it from what came after her last id, before she was cut off
      6: { before: false, later: true },
    }
    const stream = streamOf({ since: at(0) })
    const told = reading(stream)
    void stream.run(source)
    await eventually('level', () => told.at(-1)?.event === 'level')
    expect(told.map(({ event, number }) => [event, number])).toEqual([
      ['change', '2'],
      ['enter', '3'],
      ['leave', '4'],
      ['leave', '6'],
      ['level', undefined],
    ])
  })

  it('takes away what left while the rows were read', async () => {
    const source = new Rows([row('1')])
    // Nothing had happened when it was asked first; the row 2 is gone by the time that the rows are read
    const answers: ChangesSince[] = [{}, { 2: { before: true, later: false } }]
    source.changesSince = async () => answers.shift() ?? null
    const stream = streamOf({ since: at(0) })
    const told = reading(stream)
    void stream.run(source)
    await eventually('level', () => told.at(-1)?.event === 'level')
    expect(told.map(({ event, number }) => [event, number])).toEqual([
      ['leave', '2'],
      ['level', undefined],
    ])
  })

  it('tells a slow reader the last of many changes of a record, and holds no more than that', async () => {
    const stream = streamOf()
    const source = new Rows([row('1')])
    void stream.run(source)
    for (let n = 2; n < 5_000; n++) {
      stream.offer([row('1', { updatedAt: at(n), title: 'x'.repeat(100) })], at(n))
      if (n % 100 === 0) await sleep(0)
    }
    // What the stream itself has taken is bounded, and so is what waits
    expect(stream.readableLength).toBeLessThan(2 * 16_384)
    expect(stream.waiting).toBe(1)
    const told = reading(stream)
    await eventually('told', () => told.at(-1)?.id === at(4_999))
    expect(told.length).toBeLessThan(300)
  })

  it('would hold every change without that (counter-proof)', async () => {
    const stream = streamOf()
    void stream.run(new Rows([row('1')]))
    for (let n = 2; n < 1_000; n++) {
      // Every change under a number of its own: nothing to bring together
      stream.offer([row(`1#${n}`, { title: 'x'.repeat(100) })], at(n))
      if (n % 100 === 0) await sleep(0)
    }
    expect(stream.waiting).toBeGreaterThan(500)
    stream.destroy()
  })

  it('begins anew with a reader for whom too much waits', async () => {
    const stream = streamOf({ limits: { waiting: 10 } })
    const source = new Rows([row('1')])
    void stream.run(source)
    await eventually('filled', () => source.pages === 1 && stream.waiting === 0)
    await sleep(0)
    // It takes what its buffer holds before it waits
    for (let n = 2; n < 400; n++) {
      stream.offer([row(String(n), { title: 'x'.repeat(200) })], at(n))
      await Promise.resolve()
    }
    for (let n = 400; n < 440; n++) stream.offer([row(String(n))], at(n))
    expect(stream.waiting).toBeLessThanOrEqual(10)
    source.position = at(440)
    const told = reading(stream)
    await eventually('anew', () => told.filter(({ event }) => event === 'level').length === 2)
    expect(told.filter(({ event }) => event === 'reset')).toHaveLength(2)
    expect(told.at(-1)).toEqual({ event: 'level', id: at(440), number: undefined })
    expect(source.pages).toBe(2)
  })

  it('ends for a client that is too slow even for the rows there are', async () => {
    const many = Array.from({ length: 200 }, (_, n) => row(String(n), { title: 'x'.repeat(200) }))
    const stream = streamOf({ limits: { waiting: 10 } })
    void stream.run(new Rows(many))
    await sleep(10)
    for (let n = 0; n < 20; n++) stream.offer([row(`late-${n}`)], at(n + 2))
    await eventually('it ends', () => stream.destroyed)
    expect(stream.waiting).toBe(0)
  })

  it('is cut off from a client that reads nothing for long', async () => {
    const many = Array.from({ length: 200 }, (_, n) => row(String(n), { title: 'x'.repeat(200) }))
    const stream = streamOf({ limits: { stallMilliseconds: 5 } })
    void stream.run(new Rows(many))
    await eventually('it is cut off', async () => {
      await stream.check()
      return stream.destroyed
    })
  })

  it('gives signs of life, and moves the last id on past what does not concern its reader', async () => {
    const stream = streamOf({ limits: { heartbeatMilliseconds: -1 } })
    let text = ''
    stream.on('data', (part: string) => {
      text += part
    })
    void stream.run(new Rows())
    await eventually('level', () => text.includes('event: level'))
    await sleep(0)
    stream.offer([row('9', { assignmentGroup: 'Else' })], at(7))
    text = ''
    await stream.check()
    await eventually('a comment', () => text.startsWith(':\n\n'))
    expect(text).toBe(`:\n\nid: ${at(7)}\n\n`)
  })

  it('ends when rights change, and goes on when they are the same in another object', async () => {
    const stream = streamOf()
    const told = reading(stream)
    let ended = false
    stream.once('end', () => {
      ended = true
    })
    void stream.run(new Rows())
    await eventually('level', () => told.at(-1)?.event === 'level')
    stream.heed(principal('ann', ['agent'], ['Desk']))
    stream.offer([row('1')], at(2))
    await eventually('it goes on', () => told.at(-1)?.event === 'enter')
    stream.heed(principal('ann', ['agent'], []))
    await eventually('it ends', () => ended)
  })

  it('ends when the token is no longer good', async () => {
    const stream = streamOf({
      authenticate: () => {
        throw new Error('revoked')
      },
    })
    reading(stream)
    void stream.run(new Rows())
    await sleep(5)
    await stream.check()
    await eventually('it ends', () => stream.readableEnded)
  })
})
