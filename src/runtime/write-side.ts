import { isSystemId, SYSTEM_PREFIX, systemPrincipal } from '#libs/access'
import { CommandExecutor, FactSource, StreamCache } from '#libs/command-handling'
import type { EventStore } from '#libs/event-store'
import type { Logger } from '#libs/platform'
import { DIRECTORY_PREFIXES, Directory } from '../directory/directory.js'
import { type Follower, follow } from '../directory/follow.js'
import { schemaVersionOf } from '../event-catalog.js'
import { type EventStoreOptions, openEventStore, type StoreSettings } from './stores.js'

const SETTINGS_PREFIX = 'settings-'

/** What writes need, and nothing else: the command line uses it beside a running server. */
export interface WriteSide {
  eventStore: EventStore
  directory: Directory
  follower: Follower
  facts: FactSource
  executor: CommandExecutor
  close(): Promise<void>
}

/** Opens the log, or begins it, and gets ready to run commands. */
export async function openWriteSide(
  settings: StoreSettings,
  logger: Pick<Logger, 'warn'>,
  options: Pick<EventStoreOptions, 'begin'> = {},
): Promise<WriteSide> {
  return writeSide(await openEventStore(settings, options), logger)
}

/** Gets ready to run commands on a log: rights and facts in memory, level with it. Closing it closes the log. */
export async function writeSide(eventStore: EventStore, logger: Pick<Logger, 'warn'>): Promise<WriteSide> {
  const directory = new Directory()
  const facts = new FactSource(eventStore, [...DIRECTORY_PREFIXES, SETTINGS_PREFIX])
  const follower = follow(eventStore, {
    prefixes: [...DIRECTORY_PREFIXES, SETTINGS_PREFIX],
    apply(event) {
      directory.apply(event)
      facts.forget([event])
    },
    onError: (err) => logger.warn({ err }, 'the directory cannot follow the log; trying again'),
  })
  await follower.ready
  const executor = new CommandExecutor({
    store: eventStore,
    facts,
    cache: new StreamCache(),
    schemaVersion: schemaVersionOf,
    principal: (id) =>
      isSystemId(id) ? systemPrincipal(id.slice(SYSTEM_PREFIX.length)) : directory.principal(id),
    onAppended: (stream, appended) => {
      if (follower.concerns(stream)) follower.applyOwn(appended.events)
    },
  })
  return {
    eventStore,
    directory,
    follower,
    facts,
    executor,
    async close() {
      await follower.stop()
      await eventStore.close()
    },
  }
}
