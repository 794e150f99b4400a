import { toPosition, Unavailable } from '#libs/event-sourcing'
import { InterruptedConnection } from '../../testing/interrupted-connection.js'
import { dropNamespace, freshNamespace, onMongodb } from '../../testing/mongodb-servers.js'
import type { CollectionSchema, ProjectionReader, ProjectionWriter } from '../read-store.js'
import { type MongodbReadStore, openMongodbReadStore } from './index.js'

const schema: CollectionSchema = { name: 'rows', columns: { group: 'string' }, indexes: [['group']] }
const TIMEOUT_MILLISECONDS = 400

/** What it does not show: how the driver looks after its servers. */
interface Inside {
  connection: { client: { topology: { s: { servers: Map<string, { monitor: { connection: object } }> } } } }
}

onMongodb('MongodbReadStore while its server is away', (server) => {
  let namespace: string
  let connection: InterruptedConnection
  let store: MongodbReadStore
  let writer: ProjectionWriter
  let reader: ProjectionReader
  beforeEach(async () => {
    namespace = freshNamespace()
    const { hostname, port } = new URL(server.url)
    connection = await InterruptedConnection.to({ host: hostname, port: Number(port || 27017) })
    const url = new URL(server.url)
    url.host = `127.0.0.1:${connection.port}`
    // Were it a replica set, the client would go round the connection to its members
    url.searchParams.set('directConnection', 'true')
    store = openMongodbReadStore({
      url: String(url),
      namespace,
      timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    })
    const name = await store.createBuild({ projection: 'work_queue', version: 1 }, [schema])
    writer = await store.openForWriting(name, { owner: 'test', leaseMilliseconds: 60_000 })
    reader = (await store.liveReader('work_queue'))!
    await commit(1)
  })
  afterEach(async () => {
    connection.restore()
    await store.close()
    await connection.close()
    await dropNamespace(server, namespace)
  })

  const commit = (n: number) =>
    writer.commit([{ collection: 'rows', id: 'a', document: { group: `${n}` }, position: toPosition(n) }], {
      logId: 'l',
      position: toPosition(n),
      eventId: `e${n}`,
    })
  /** The client looks for a lost server twice a second. */
  const untilBack = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (let tries = 0; ; tries++) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof Unavailable) || tries === 10) throw error
      }
    }
  }
  const away = { name: 'Unavailable', code: 'READ_STORE.UNAVAILABLE' }

  it('finds it again when the driver has ceased to look', async () => {
    const { client } = (store as unknown as Inside).connection
    // As it is once the driver has written to a socket that was destroyed a moment ago
    for (const { monitor } of client.topology.s.servers.values())
      monitor.connection = { closed: false, command: () => new Promise(() => {}), destroy() {} }
    connection.cut()
    await expect(store.builds()).rejects.toMatchObject(away)
    connection.restore()
    await untilBack(() => store.builds())
    await untilBack(() => commit(2))
  })

  it.each(['cut', 'freeze'] as const)(
    'says so while it is, and goes on when it is back (%s)',
    async (part) => {
      connection[part]()
      // It comes back only when all have answered: who waited for it would wait for ever
      await Promise.all([
        expect(commit(2)).rejects.toMatchObject(away),
        expect(reader.count('rows')).rejects.toMatchObject(away),
        expect(reader.checkpoint()).rejects.toMatchObject(away),
        expect(store.liveReader('work_queue')).rejects.toMatchObject(away),
        expect(store.builds()).rejects.toMatchObject(away),
      ])
      connection.restore()
      await untilBack(() => commit(2))
      await commit(3)
      expect(await reader.checkpoint()).toMatchObject({ position: toPosition(3) })
      expect((await reader.get('rows', 'a'))?.document).toEqual({ group: '3' })
    },
  )

  it('neither loses nor doubles a batch when it breaks off at any time', async () => {
    let broken = 0
    for (let n = 2; n < 20; n++) {
      const cutting = setTimeout(() => connection.cut(), n % 9)
      await commit(n).catch(async () => {
        broken++
        connection.restore()
        // The same batch again, which may be written already
        await untilBack(() => commit(n))
      })
      clearTimeout(cutting)
      connection.restore()
      expect(await untilBack(() => reader.checkpoint())).toMatchObject({ position: toPosition(n) })
      expect((await untilBack(() => reader.get('rows', 'a')))?.document).toEqual({ group: `${n}` })
    }
    expect(broken).toBeGreaterThan(0)
  })
})
