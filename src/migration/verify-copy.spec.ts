import type { RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { EventFactory } from '#libs/testing'
import { verifyCopy } from './verify-copy.js'

/** A log that holds just these events. */
const logOf = (events: readonly RecordedEvent[]) =>
  ({
    readAll: async () => ({ events, position: events.at(-1)?.position ?? '', end: true }),
    readStream: async (stream: string, { limit }: { limit: number }) =>
      events.filter((event) => event.stream === stream).slice(0, limit),
  }) as unknown as EventStore

function someEvents(): RecordedEvent[] {
  const factory = new EventFactory()
  return Array.from({ length: 12 }, (_, index) =>
    factory.in(`incident-${index % 3}`).event({ type: 'CommentAdded', data: { index } }),
  )
}

const findings = async (copy: readonly RecordedEvent[], count?: number) =>
  (await verifyCopy(logOf(someEvents()), logOf(copy), { count })).findings

it('finds nothing in a copy that differs in positions only', async () => {
  const copy = someEvents().map((event, index) => ({
    ...event,
    position: String(1000 + index).padStart(20, '0'),
  }))
  const { digest, positions, ...report } = await verifyCopy(logOf(someEvents()), logOf(copy))
  expect(report).toEqual({ events: 12, streams: 3, findings: [] })
  expect(positions).toEqual(copy.map(({ position }) => position))
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
})

it('sees that an event is missing at the end', async () => {
  expect(await findings(someEvents().slice(0, -1))).toEqual([
    'the copy has 1 event fewer',
    'incident-2 differs: read by its name it has 3 of 4 events, or others',
  ])
})

it('sees that an event was dropped on the way', async () => {
  const copy = someEvents()
  copy.splice(4, 1)
  expect(await findings(copy)).toEqual([
    expect.stringMatching(
      /from position 0+5 on they differ: .* revision 1 of incident-1.* revision 1 of incident-2/,
    ),
    'the copy has 1 event fewer',
    expect.stringContaining('incident-1 differs'),
  ])
})

it('sees that two events changed places, also when their streams are as they were', async () => {
  const copy = someEvents()
  copy.splice(4, 2, copy[5]!, copy[4]!)
  expect(await findings(copy)).toEqual([
    expect.stringContaining('from position 00000000000000000005 on they differ'),
  ])
})

it.each(['events', 'streams'] as const)('stops while it compares %s', async (unit) => {
  const stop = new AbortController()
  const onProgress = (_: number, compared: string) => {
    if (compared === unit) stop.abort(new Error('interrupted'))
  }
  const factory = new EventFactory()
  const events = Array.from({ length: 40 }, (_, i) =>
    factory.in(`incident-${i}`).event({ type: 'CommentAdded', data: {} }),
  )
  const verifying = verifyCopy(logOf(events), logOf(events), { signal: stop.signal, onProgress })
  await expect(verifying).rejects.toThrow('interrupted')
})

it('sees that there is an event more', async () => {
  const more = new EventFactory().in('incident-9').event({ type: 'CommentAdded', data: {} })
  expect(await findings([...someEvents(), more])).toEqual(['the copy has more events'])
  // ... unless what came after the copy is not asked for
  expect(await findings([...someEvents(), more], 12)).toEqual([])
  expect(await findings(someEvents(), 13)).toEqual(['the copy was made of 13 events, and the log has 12'])
})

it('sees a stream that is whole in the log and not by its name', async () => {
  const copy = logOf(someEvents())
  copy.readStream = async () => []
  const { findings } = await verifyCopy(logOf(someEvents()), copy)
  expect(findings).toHaveLength(3)
})

it('names twenty streams and counts the others', async () => {
  const factory = new EventFactory()
  const events = Array.from({ length: 30 }, (_, i) =>
    factory.in(`incident-${i}`).event({ type: 'CommentAdded', data: {} }),
  )
  const { findings } = await verifyCopy(logOf(events), logOf([]))
  expect(findings).toHaveLength(22)
  expect(findings.at(-1)).toBe('and 10 streams more')
})

it.each<[string, (event: RecordedEvent) => RecordedEvent]>([
  ['data', (event) => ({ ...event, data: { index: -1 } })],
  ['type', (event) => ({ ...event, type: 'CommentChanged' })],
  ['revision', (event) => ({ ...event, revision: 7 })],
  [
    'time',
    (event) => ({ ...event, metadata: { ...event.metadata, recordedAt: '2020-01-01T00:00:00.000Z' } }),
  ],
  ['actor', (event) => ({ ...event, metadata: { ...event.metadata, actor: 'eve' } })],
])('sees that the %s of an event was altered', async (_, altered) => {
  const copy = someEvents()
  copy[7] = altered(copy[7]!)
  expect(await findings(copy)).toEqual([
    expect.stringContaining('from position 00000000000000000008 on they differ'),
    expect.stringContaining('incident-1 differs'),
  ])
})
