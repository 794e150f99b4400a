import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { databaseName } from '#libs/mongodb'
import { type MongodbReadStore, openMongodbReadStore } from '#libs/read-store/mongodb'

/** A server that a suite runs on. */
export interface MongodbServer {
  readonly name: string
  readonly url: string
  /**
   * Whether it changes a document only if it still matches the filter when others write it too, as MongoDB does. What
   * only speaks MongoDB's protocol need not.
   */
  readonly atomic: boolean
}

/** Those of a protocol server are printed by scripts in test/servers; `..._ATOMIC=1`: its updates by filter are atomic. */
const { MONGODB_URL, MONGODB_PROTOCOL_URL, MONGODB_PROTOCOL_ATOMIC, MONGODB_PROTOCOL_SERVER } = process.env

/** The servers that the environment names. */
export function mongodbServers(): MongodbServer[] {
  const name = MONGODB_PROTOCOL_SERVER || 'a MongoDB-protocol server'
  return [
    ...(MONGODB_URL ? [{ name: 'MongoDB', url: MONGODB_URL, atomic: true }] : []),
    ...(MONGODB_PROTOCOL_URL
      ? [{ name, url: MONGODB_PROTOCOL_URL, atomic: MONGODB_PROTOCOL_ATOMIC === '1' }]
      : []),
  ]
}

/** Runs a suite on each server, or says why it does not. Prints the servers' versions, once per suite. */
export function onMongodb(adapter: string, suite: (server: MongodbServer) => void): void {
  const servers = mongodbServers()
  if (servers.length === 0)
    describe.skip(`${adapter}: no server. Set MONGODB_URL, or MONGODB_PROTOCOL_URL to what test/servers/ferretdb.sh or mongo-java-server.sh prints`, () =>
      it('runs where there is a server', () => {
        throw new Error('There is none')
      }))
  for (const server of servers)
    describe(`${adapter} on ${server.name}`, () => {
      beforeAll(async () => console.error(`${adapter} on ${await serverName(server)}`))
      suite(server)
    })
}

/** A name space that nobody else uses. */
export function freshNamespace(): string {
  return `test-${randomBytes(6).toString('hex')}`
}

/** Removes all that an instance kept. */
export async function dropNamespace({ url }: MongodbServer, namespace: string): Promise<void> {
  const client = new MongoClient(url)
  await client.db(databaseName(namespace)).dropDatabase()
  await client.close()
}

/** An empty read store in a name space of its own, which goes when it is disposed of. */
export function temporaryMongodbReadStore(server: MongodbServer): {
  store: MongodbReadStore
  dispose(): Promise<void>
} {
  const namespace = freshNamespace()
  const store = openMongodbReadStore({ url: server.url, namespace })
  return {
    store,
    async dispose() {
      await store.close()
      await dropNamespace(server, namespace)
    },
  }
}

/** Name and version. */
export async function serverName({ url, name }: MongodbServer): Promise<string> {
  const client = new MongoClient(url)
  const info = await client.db('admin').command({ buildInfo: 1 })
  await client.close()
  return `${name}, ${name === 'MongoDB' ? '' : 'speaking as '}version ${info.version}`
}
