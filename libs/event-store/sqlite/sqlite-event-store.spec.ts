import { temporaryEventStore } from '../../testing/temporary-event-store.js'
import { eventStoreContract } from '../event-store.contract.js'

eventStoreContract('SqliteEventStore', () => temporaryEventStore())
