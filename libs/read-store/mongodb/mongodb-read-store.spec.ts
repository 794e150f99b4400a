import { dropNamespace, freshNamespace, onMongodb, serverName } from '../../testing/mongodb-servers.js'
import { readStoreContract } from '../read-store.contract.js'
import { openMongodbReadStore } from './index.js'

// The laws ask some ten thousand questions
jest.setTimeout(300_000)
/** Of one answer: on two busy processors FerretDB was seen to change hundreds of documents for longer than the usual ten seconds. */
const TIMEOUT_MILLISECONDS = 60_000

onMongodb('MongodbReadStore', (server) => {
  readStoreContract('MongoDB', async () => {
    const namespace = freshNamespace()
    return {
      server: await serverName(server),
      open: async () =>
        openMongodbReadStore({ url: server.url, namespace, timeoutMilliseconds: TIMEOUT_MILLISECONDS }),
      destroy: () => dropNamespace(server, namespace),
    }
  })
})
