import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { LOG_START, type Position, type RecordedEvent } from '#libs/event-sourcing'
import { EventFactory, FakeClock } from '#libs/testing'
import { EVENTS_AT_ONCE, UNHURRIED_MS, UnhurriedConsumers } from './unhurried-consumers.js'

class Reader {
  position: Position = LOG_START
  hurried = false
  /** Revisions of the events of each batch. */
  readonly batches: number[][] = []

  constructor(readonly name: string) {}
}

const MOST = 6

class Setting {
  readonly clock = new FakeClock()
  readonly given: string[] = []
  onGiven: () => void = () => {}
  readonly #events = new EventFactory(new FakeClock(), 'ticket-1')
  readonly consumers = new UnhurriedConsumers<Reader>(
    async (reader, events, upTo) => {
      const later = events.filter(({ position }) => position > reader.position)
      reader.batches.push(later.map(({ revision }) => revision))
      reader.position = upTo
      this.given.push(reader.name)
      this.onGiven()
    },
    this.clock,
    this.most,
  )

  constructor(private readonly most = MOST) {}

  reader(name: string): Reader {
    const reader = new Reader(name)
    this.consumers.add(reader, LOG_START)
    return reader
  }

  /** The next batch comes along. @returns those that were let go of */
  async batch(size = 1): Promise<Reader[]> {
    const events = Array.from({ length: size }, () => this.#events.event({ type: 'Opened', data: {} }))
    const letGo = this.consumers.take({ events, position: (events.at(-1) as RecordedEvent).position })
    await this.settle()
    return letGo
  }

  async pass(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds)
    await this.settle()
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn++) await turnOfTheLoop()
  }
}

describe('Consumers that are not hurried', () => {
  it('get an event at once after a quiet moment, and what follows together when its time is over', async () => {
    const setting = new Setting()
    const reader = setting.reader('facts')
    await setting.batch()
    expect(reader.batches).toEqual([[0]])
    await setting.batch()
    await setting.pass(UNHURRIED_MS - 1)
    await setting.batch()
    expect(reader.batches).toEqual([[0]])
    await setting.pass(1)
    expect(reader.batches).toEqual([[0], [1, 2]])
    await setting.pass(UNHURRIED_MS)
    await setting.batch()
    expect(reader.batches).toEqual([[0], [1, 2], [3]])
  })

  it('get theirs at once when somebody waits for them, others when it is their time', async () => {
    const setting = new Setting()
    const [facts, search] = [setting.reader('facts'), setting.reader('search')]
    await setting.batch()
    await setting.batch()
    search.hurried = true
    setting.consumers.look()
    await setting.settle()
    expect([facts.batches, search.batches]).toEqual([[[0]], [[0], [1]]])
    // The event that is waited for has yet to come
    await setting.batch()
    expect([facts.batches, search.batches]).toEqual([[[0]], [[0], [1], [2]]])
    await setting.pass(UNHURRIED_MS)
    expect(facts.batches).toEqual([[0], [1, 2]])
  })

  it('are let go of, furthest behind first, when more is kept for them than may be', async () => {
    const setting = new Setting()
    const [facts, search] = [setting.reader('facts'), setting.reader('search')]
    await setting.batch()
    await setting.batch(MOST - 1)
    facts.hurried = true
    setting.consumers.look()
    await setting.settle()
    expect(await setting.batch(2)).toEqual([search])
    expect(facts.batches.flat()).toHaveLength(MOST + 2)
    // It is somebody else's affair now
    await setting.pass(UNHURRIED_MS)
    expect(search.batches).toEqual([[0]])
  })

  it('are let go of only when one event more is kept than may be', async () => {
    const setting = new Setting()
    const reader = setting.reader('facts')
    await setting.batch()
    expect(await setting.batch(MOST)).toEqual([])
    expect(await setting.batch()).toEqual([reader])
  })

  it('get many in parts, and others come in between', async () => {
    const setting = new Setting(10_000)
    const [facts, search] = [setting.reader('facts'), setting.reader('search')]
    await setting.batch()
    for (const size of [EVENTS_AT_ONCE - 1, 2, EVENTS_AT_ONCE]) await setting.batch(size)
    const { consumers } = setting
    const live: number[] = []
    setting.onGiven = () => setImmediate(() => live.push(facts.batches.length + search.batches.length))
    await setting.pass(UNHURRIED_MS)
    const sizes = [1, EVENTS_AT_ONCE, EVENTS_AT_ONCE, 1]
    expect(facts.batches.map(({ length }) => length)).toEqual(sizes)
    expect(search.batches).toEqual(facts.batches)
    expect(facts.batches.flat()).toEqual(Array.from({ length: 2 * EVENTS_AT_ONCE + 2 }, (_, n) => n))
    // Whoever else wants the thread has it after each part
    expect(live).toEqual([3, 4, 5, 6, 7, 8])
    await consumers.stop()
  })

  it('have their turn, too, while more comes than one of them keeps up with', async () => {
    const setting = new Setting(10_000)
    setting.reader('dear')
    setting.reader('cheap')
    await setting.batch()
    let coming = 10
    setting.onGiven = () => {
      if (setting.given.at(-1) === 'dear' && coming-- > 0)
        queueMicrotask(() => void setting.batch(EVENTS_AT_ONCE))
    }
    await setting.batch(EVENTS_AT_ONCE + 1)
    setting.given.length = 0
    await setting.pass(UNHURRIED_MS)
    expect(setting.given.slice(0, 3)).toEqual(['dear', 'dear', 'cheap'])
    await setting.consumers.stop()
  })

  it.each([
    ['a quarter of it, of one that is quick', 0, [2, 1.5, 1.125]],
    ['as many as it handles in a tenth of a second', 100 / (1.5 * EVENTS_AT_ONCE), [1.5, 1.5, 1.25]],
    ['no more than usual, of one that is slow', 1, [1, 1, 1]],
  ])(
    'get larger parts when more has come together than they keep up with: %s',
    async (_, msPerEvent, parts) => {
      let now = 0
      jest.spyOn(performance, 'now').mockImplementation(() => now)
      const setting = new Setting(100_000)
      const reader = setting.reader('facts')
      setting.onGiven = () => {
        now += (reader.batches.at(-1)?.length ?? 0) * msPerEvent
      }
      await setting.batch()
      await setting.batch(8 * EVENTS_AT_ONCE)
      await setting.pass(UNHURRIED_MS)
      const sizes = reader.batches.slice(1).map(({ length }) => length / EVENTS_AT_ONCE)
      expect(sizes.slice(0, 3)).toEqual(parts)
      await setting.settle()
      expect(reader.batches.flat()).toHaveLength(8 * EVENTS_AT_ONCE + 1)
      jest.restoreAllMocks()
    },
  )

  it('have their turn however often others are hurried: who has waited longest comes first', async () => {
    const setting = new Setting()
    const [first, second] = [setting.reader('first'), setting.reader('second')]
    await setting.batch()
    first.hurried = true
    for (let n = 0; n < 5; n++) {
      await setting.batch()
      await setting.pass(UNHURRIED_MS / 5)
    }
    expect(first.batches).toHaveLength(6)
    expect(second.batches).toEqual([[0], [1, 2, 3, 4, 5]])

    first.hurried = false
    setting.given.length = 0
    await setting.batch()
    await setting.pass(2 * UNHURRIED_MS)
    expect(setting.given.sort()).toEqual(['first', 'second'])
  })

  it('that come later get only what they have not handled, and none holds up what those kept who went', async () => {
    const setting = new Setting()
    const gone = setting.reader('gone')
    await setting.batch()
    await setting.batch()
    setting.consumers.delete(gone)
    await setting.pass(UNHURRIED_MS)
    expect(gone.batches).toEqual([[0]])
    const late = new Reader('late')
    late.position = '00000000000000000002'
    setting.consumers.add(late, late.position)
    await setting.batch()
    expect(late.batches).toEqual([[2]])
  })

  it('get nothing more once it has stopped', async () => {
    const setting = new Setting()
    const reader = setting.reader('facts')
    await setting.batch()
    await setting.batch()
    await setting.consumers.stop()
    await setting.pass(UNHURRIED_MS)
    expect(reader.batches).toEqual([[0]])
    expect(setting.clock.waiting).toBe(0)
  })
})
