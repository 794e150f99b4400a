import { LOG_START, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import { appendEvents, InMemoryEventStore } from '#libs/testing'
import { checkThroughPort } from './index.js'

describe('A check of a log through the port', () => {
  const noted = (n: number) => ({ type: 'Noted', data: { n } })
  let log: InMemoryEventStore
  beforeEach(async () => {
    log = new InMemoryEventStore()
    await appendEvents(log, 'incident-1', [noted(1), noted(2)])
    await appendEvents(log, 'incident-2', [noted(3)])
    await appendEvents(log, 'incident-1', [noted(4)])
  })

  /** The log as somebody has altered it. */
  function altered(change: (events: RecordedEvent[]) => RecordedEvent[]): InMemoryEventStore {
    const read = log.readAll.bind(log)
    log.readAll = async (options) => {
      const page = await read(options)
      return { ...page, events: change(page.events) }
    }
    return log
  }
  const rules = async (store: InMemoryEventStore) =>
    (await checkThroughPort(store)).map(({ rule, message }) => `${rule}: ${message}`)

  it('finds nothing in a sound one', async () => {
    const seen: number[] = []
    expect(await checkThroughPort(log, (events) => seen.push(events))).toEqual([])
    expect(seen).toEqual([4])
  })

  it('finds an event that is gone', async () => {
    const gone = altered((events) => events.filter((_, index) => index !== 1))
    expect(await rules(gone)).toEqual([
      expect.stringMatching(/^STREAM\.REVISIONS: stream incident-1 has revision 2 .* where 1 is next$/),
    ])
  })

  it('finds events in another order', async () => {
    const turned = altered((events) => [...events].reverse())
    expect(await rules(turned)).toContainEqual(
      expect.stringMatching(/^POSITION\.ORDER: position \d+ stands behind/),
    )
  })

  it('finds what cannot be decoded, and tells a store that is away apart', async () => {
    log.readAll = async () => {
      throw new SyntaxError('no JSON')
    }
    expect(await rules(log)).toEqual([`EVENT.UNDECODABLE: after position ${LOG_START}: no JSON`])
    log.readAll = async () => {
      throw new Unavailable('EVENT_STORE.UNAVAILABLE', 'away')
    }
    await expect(checkThroughPort(log)).rejects.toMatchObject({ code: 'EVENT_STORE.UNAVAILABLE' })
  })
})
