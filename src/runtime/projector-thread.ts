import { parentPort, workerData } from 'node:worker_threads'
import type { Command, LedgerdeskError, Position } from '#libs/event-sourcing'
import type { DispatchOutcome } from '#libs/projections-runtime'
import { Projector } from './projector.js'
import { ProjectorNotes } from './projector-notes.js'
import { fromMessage, Remote, toMessage } from './remote.js'
import { repeat } from './repeat.js'
import { openEventStore, openReadStore } from './stores.js'
import { letOtherThreadsGoFirst, NICENESS } from './thread-priority.js'
import type { DispatchAnswer, ThreadData } from './threads.js'

/** What a projector thread is told at its start. */
export interface ProjectorThreadData extends ThreadData {
  /** Whether it runs the policies too. */
  policies: boolean
  /** Whether it leaves notes of how it stands, for other processes. */
  reports: boolean
  /** Whether it runs those policies too that tell people of what happens. Default: no. */
  notifies?: boolean
  /** Documents kept in memory per collection. Default: as many as building needs. */
  cacheDocuments?: number
}

letOtherThreadsGoFirst(NICENESS.projector)

/** The projector on a thread of its own: folds and writes here never delay a command. */
const {
  stores,
  owner,
  policies,
  reports,
  notifies = false,
  cacheDocuments,
} = workerData as ProjectorThreadData
const eventStore = await openEventStore(stores, {
  readOnly: true,
  onDropped: (error) => notice('info', 'A subscription to the log ended and is begun again', error),
})
const readStore = await openReadStore(stores)

const main = new Remote(parentPort!, {
  appended: () => eventStore.wake(),
  hurry: (projection: string, position: Position) => projector.projections.hurry(projection, position),
  /** A build that was fed elsewhere answers from now on. */
  refresh: () => projector.projections.refresh(),
  status: () => projector.status(),
  async findReadStore() {
    await readStore.builds()
  },
  /** Asks for it and does not wait: the rebuild thread does the work. */
  rebuild(projection: string) {
    projector.projections.rebuild(projection).catch((error: unknown) => {
      notice(
        'error',
        `the rebuild of ${projection} ended: ${error instanceof Error ? error.message : error}`,
        error,
      )
    })
  },
  retryParked: (projection: string, key?: string) => projector.projections.retryParked(projection, key),
  async stop() {
    await Promise.all(rounds.map((round) => round.stop()))
    await projector.stop()
    if (reports) await notes.end().catch((error) => notice('warn', 'The last note was not removed', error))
    await eventStore.close()
    await readStore.close()
    setImmediate(() => parentPort!.close())
  },
})

const projector = new Projector({
  eventStore,
  readStore,
  owner,
  only: 'live',
  policies,
  notifies,
  cacheDocuments,
  rememberStart: (stream, metadata) => main.call('rememberStart', stream, metadata),
  notice: ({ error, ...notice }) => main.tell('notice', { ...notice, error: error && toMessage(error) }),
  dispatch: async ({ id, type, data, metadata }: Command): Promise<DispatchOutcome> => {
    const answer = await main.call<DispatchAnswer>('dispatch', { id, type, data, metadata })
    return answer.outcome === 'refused'
      ? { ...answer, error: fromMessage(answer.error) as LedgerdeskError }
      : answer
  },
})
const notes = new ProjectorNotes(readStore, owner, {
  status: () => projector.status(),
  retryParked: (projection, key) => projector.projections.retryParked(projection, key),
})
await projector.start()
main.tell('started')

const ROUND_MS = 1_000
const TIDYING_MS = 60_000
/** Each by itself: a long replay that somebody wished for, or a fault of one, holds up none of the others. */
const rounds = [
  repeat(ROUND_MS, tellBuilding, failed('Builds that are to take over cannot be looked up')),
  repeat(ROUND_MS, () => notes.takeUpWishes(), failed('What others wish for cannot be looked up')),
  ...(reports
    ? [repeat(ROUND_MS, () => notes.report(), failed('Others cannot be told how this projector stands'))]
    : []),
  repeat(TIDYING_MS, () => notes.tidyUp(), failed('What others left behind cannot be cleared away')),
]

function failed(message: string) {
  return (error: unknown) => notice('warn', message, error)
}

/** New versions and rebuilds, whoever asked for them, are fed on another thread. */
async function tellBuilding(): Promise<void> {
  const building = (await readStore.builds()).filter(({ status }) => status === 'building')
  if (building.length > 0)
    main.tell(
      'building',
      building.map(({ projection }) => projection),
    )
}

function notice(level: 'info' | 'warn' | 'error', message: string, error: unknown): void {
  main.tell('notice', { level, message, error: error === undefined ? undefined : toMessage(error) })
}
