import type { RecordedEvent } from '#libs/event-sourcing'
import { all } from '#libs/read-store'
import { InMemoryReadStore } from '#libs/testing'
import { systemClock } from './clock.js'
import { collectionSchemas, defineView } from './definitions.js'
import { parkedSchema } from './parking.js'
import type { TicketEvent } from './ticket-projections.fixture.js'
import { ViewFeed } from './view-feed.js'

/** Keeps each ticket, and of one that is linked to another one what it found, which nobody had announced. */
const links = defineView<TicketEvent>({
  name: 'links',
  version: 1,
  from: ['ticket-'],
  collections: {
    tickets: { columns: {}, indexes: [], rows: () => all },
    found: { columns: {}, indexes: [], rows: () => all },
  },
  reads: () => [],
  fold({ stream, type, data }, view) {
    if (type === 'Opened') view.put('tickets', stream, { title: data.title })
    if (type !== 'Linked') return
    view.put('found', stream, { titles: 'not known yet' })
    const others = view.getMany<{ title: string }>('tickets', data.other.split(' '))
    view.put('found', stream, { titles: others.map((other) => other?.title ?? null) })
  },
})

/** Notes what each ticket finds ahead of it in its batch. */
const lookouts = defineView<TicketEvent>({
  name: 'lookouts',
  version: 1,
  from: ['ticket-'],
  collections: { found: { columns: {}, indexes: [], rows: () => all } },
  reads: () => [],
  fold({ stream }, view) {
    view.put('found', stream, { ahead: [1, 2].map((distance) => view.ahead(distance)?.stream ?? null) })
  },
})

let position = 0
const event = (stream: string, told: TicketEvent) =>
  ({ ...told, stream, id: stream, position: String(++position).padStart(20, '0') }) as RecordedEvent
const opened = (stream: string) => event(stream, { type: 'Opened', data: { title: `title of ${stream}` } })

/** A feed of a view on a store of its own, and what it reads there. */
async function feedOf(view: typeof links, cacheDocuments: number) {
  const store = new InMemoryReadStore()
  const name = { projection: view.name, version: view.version }
  const build = await store.createBuild(name, [...collectionSchemas(view), parkedSchema])
  const writer = await store.openForWriting(build, { owner: 'spec', leaseMilliseconds: 60_000 })
  const getMany = jest.spyOn(writer, 'getMany')
  const options = { logId: 'log', clock: systemClock, cacheDocuments, building: false }
  const feed = await ViewFeed.open(view, writer, options)
  const handle = (...events: readonly RecordedEvent[]) =>
    feed.handle(events, events.at(-1)?.position as string)
  const foundBy = async (stream: string) => (await writer.get('found', stream))?.document
  return { handle, foundBy, getMany }
}
const feedOfLinks = (cacheDocuments: number) => feedOf(links, cacheDocuments)

describe('a view that reads many documents', () => {
  const asked = 'ticket-1 ticket-9 ticket-2 ticket-1'
  const found = { titles: ['title of ticket-1', null, 'title of ticket-2', 'title of ticket-1'] }

  it('has them in the order of the ids, also those that are not there', async () => {
    const { handle, foundBy } = await feedOfLinks(100)
    await handle(
      opened('ticket-1'),
      opened('ticket-2'),
      event('ticket-3', { type: 'Linked', data: { other: asked } }),
    )
    expect(await foundBy('ticket-3')).toEqual(found)
  })

  it('has what is not in memory any more loaded in one read, and begins again as if it had written nothing', async () => {
    const { handle, foundBy, getMany } = await feedOfLinks(2)
    for (const number of [1, 2, 3, 4, 5]) await handle(opened(`ticket-${number}`))
    getMany.mockClear()
    await handle(event('ticket-6', { type: 'Linked', data: { other: asked } }))
    expect(getMany.mock.calls).toEqual([['tickets', ['ticket-1', 'ticket-9', 'ticket-2']]])
    expect(await foundBy('ticket-6')).toEqual(found)
  })

  it('sees what was written last, also of one that memory had let go of when it was the last that was looked for', async () => {
    const { handle, foundBy } = await feedOfLinks(2)
    await handle(opened('ticket-1'), opened('ticket-1'))
    await handle(opened('ticket-2'))
    await handle(
      event('ticket-1', { type: 'Opened', data: { title: 'another title' } }),
      opened('ticket-2'),
      event('ticket-6', { type: 'Linked', data: { other: 'ticket-1' } }),
    )
    expect(await foundBy('ticket-6')).toEqual({ titles: ['another title'] })
  })
})

it('a view sees those events ahead that it wants, as far as the batch goes, also when it begins again', async () => {
  const seen: string[][] = []
  const looking = defineView<TicketEvent>({
    ...links,
    fold(event, view) {
      const ahead = [1, 2, 3].flatMap((distance) => view.ahead(distance)?.stream ?? [])
      seen.push([event.stream, ...ahead])
      view.get('tickets', event.stream)
    },
  })
  const store = new InMemoryReadStore()
  const name = { projection: looking.name, version: looking.version }
  const build = await store.createBuild(name, [...collectionSchemas(looking), parkedSchema])
  const writer = await store.openForWriting(build, { owner: 'spec', leaseMilliseconds: 60_000 })
  const options = { logId: 'log', clock: systemClock, cacheDocuments: 2, building: false }
  const feed = await ViewFeed.open(looking, writer, options)
  const handle = (...streams: readonly string[]) => {
    const events = streams.map(opened)
    return feed.handle(events, events.at(-1)?.position as string)
  }
  await handle('ticket-1', 'other-1', 'ticket-2', 'ticket-3')
  expect(seen).toEqual([['ticket-1', 'ticket-2', 'ticket-3'], ['ticket-2', 'ticket-3'], ['ticket-3']])
  await handle('ticket-1', 'ticket-2')
  seen.length = 0
  await handle('ticket-4', 'ticket-5')
  const begunAgain = ['ticket-4', 'ticket-5']
  expect(seen).toEqual([begunAgain, begunAgain, ['ticket-5'], ['ticket-5']])
})

it('a view looks ahead as far as its batch goes, over events that are none of its own', async () => {
  const { handle, foundBy } = await feedOf(lookouts, 100)
  const batch = Array.from({ length: 2_000 }, (_, n) => opened(`${n % 3 === 2 ? 'note' : 'ticket'}-${n}`))
  await handle(...batch)
  const own = batch.map(({ stream }) => stream).filter((stream) => stream.startsWith('ticket-'))
  for (const [n, stream] of own.entries())
    expect(await foundBy(stream)).toEqual({ ahead: [own[n + 1] ?? null, own[n + 2] ?? null] })
})
