import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BulkWriteResult, MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb'
import { databaseName, faultOfMongodbUrl, MongodbConnection } from './index.js'

describe('A connection to a server', () => {
  let server: Server
  let open: Set<Socket>
  beforeEach(async () => {
    open = new Set()
    server = createServer((socket) => open.add(socket.on('error', () => {})))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const port = () => (server.address() as AddressInfo).port

  const ask = async (port: number) => {
    const url = `mongodb://127.0.0.1:${port}`
    const connection = new MongodbConnection(
      { url, namespace: 'n', timeoutMilliseconds: 300 },
      'READ_STORE.UNAVAILABLE',
    )
    const work = connection.run(() => connection.database.collection('x').findOne())
    await expect(work).rejects.toMatchObject({
      name: 'Unavailable',
      code: 'READ_STORE.UNAVAILABLE',
      retryAfter: 2,
    })
    await connection.close()
  }

  it('that accepts and says nothing ends while it does so', () => ask(port()))

  it('that is away ends while it is', async () => {
    const closed = port()
    await new Promise((resolve) => server.close(resolve))
    await ask(closed)
    server = createServer().listen(0)
  })

  it('that never comes to an end ends in time', async () => {
    const options = { url: 'mongodb://127.0.0.1:1', namespace: '', timeoutMilliseconds: 5 }
    const connection = new MongodbConnection(options, 'READ_STORE.UNAVAILABLE')
    const never = () => new Promise<never>(() => {})
    await expect(connection.run(never)).rejects.toMatchObject({
      name: 'Unavailable',
      code: 'READ_STORE.UNAVAILABLE',
    })
    // Of many steps, each of which is limited, the whole may take as long as it takes.
    const outlives = sleep(100, 'still waiting')
    const first = await Promise.race([connection.runSteps(never), outlives])
    expect(first).toBe('still waiting')
    await connection.close()
  })

  it('passes other errors on as they are', async () => {
    const connection = new MongodbConnection({ url: 'mongodb://127.0.0.1:1', namespace: '' }, 'X')
    const mine = new TypeError('mine')
    expect(connection.explained(mine)).toBe(mine)
    const duplicate = new MongoServerError({ message: 'E11000', code: 11000 })
    expect(connection.explained(duplicate)).toBe(duplicate)
    const steppingDown = new MongoServerError({ message: 'not primary', code: 10107 })
    expect(connection.explained(steppingDown)).toMatchObject({ name: 'Unavailable', cause: steppingDown })
    const bulk = (error: Error) => new MongoBulkWriteError(error, {} as BulkWriteResult)
    expect(connection.explained(bulk(new MongoNetworkError('cut off')))).toMatchObject({
      name: 'Unavailable',
    })
    expect(connection.explained(bulk(duplicate))).toMatchObject({ name: 'MongoBulkWriteError' })
    await connection.close()
  })
})

it('an instance has a database of its own', () => {
  expect(databaseName('')).toBe('ledgerdesk')
  expect(databaseName('staging')).toBe('staging-ledgerdesk')
  for (const bad of ['a.b', 'a b', 'a/b', '$a', 'ä', 'x'.repeat(41)])
    expect(() => databaseName(bad)).toThrow(/name/)
})

it.each([
  ['mongodb://u:secret@h/?foo=1', /foo/],
  ['mongodb://u:se@cret@h/?x', /onnection string/],
  ['mongodb://u:secret@h:99999/', /./],
  ['mongodb://u:secret@h,i/?readPreference=secondaryPreferred', /readPreference=secondaryPreferred/],
  ['mongodb://u:secret@h/?w=0', /w=0/],
])('%s is refused without repeating a password', (url, fault) => {
  expect(faultOfMongodbUrl('mongodb://u:secret@h:27017/?tls=true')).toBeUndefined()
  expect(faultOfMongodbUrl(url)).toMatch(fault)
  expect(faultOfMongodbUrl(url)).not.toContain('secret')
})
