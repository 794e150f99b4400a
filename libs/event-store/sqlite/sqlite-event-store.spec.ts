import { SQLITE_SERVER } from '../../testing/sqlite-server.js'
import { temporaryEventStore } from '../../testing/temporary-event-store.js'
import { eventStoreContract } from '../event-store.contract.js'

eventStoreContract('SqliteEventStore', async () => ({
  ...(await temporaryEventStore()),
  server: SQLITE_SERVER,
}))
