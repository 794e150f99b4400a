import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { type CompiledCopy, compiledCopy } from '../compiled-copy.js'
import { eventually } from '../eventually.js'
import { type ForkedEventStoreDouble, forkEventStoreDouble } from './index.js'

describe('a double in a process of its own', () => {
  let compiled: CompiledCopy
  let script: string
  let double: ForkedEventStoreDouble
  let client: EventStoreDBClient

  beforeAll(() => {
    compiled = compiledCopy('libs/testing/eventstoredb')
    script = compiled.program('libs/testing/eventstoredb/double-process.ts')
  })

  afterAll(() => compiled.dispose())

  beforeEach(async () => {
    double = await forkEventStoreDouble(script, { profile: '23.10' })
    client = EventStoreDBClient.connectionString(double.url)
  })

  afterEach(async () => {
    await client.dispose()
    await double.stop()
  })

  const opened = (n: number) => jsonEvent({ type: 'Opened', data: { n } })

  it('can be stopped and continued by signals, as a server can', async () => {
    await client.appendToStream('incident-1', opened(0))
    process.kill(double.pid, 'SIGSTOP')
    let answered = false
    const pending = client.appendToStream('incident-1', opened(1)).finally(() => {
      answered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(answered).toBe(false)
    process.kill(double.pid, 'SIGCONT')
    expect((await pending).nextExpectedRevision).toBe(1n)
  })

  it('goes down and comes back with its log when told so', async () => {
    await client.appendToStream('incident-1', opened(0))
    await double.order('refuseConnections')
    await expect(client.appendToStream('incident-1', opened(1))).rejects.toMatchObject({ code: 14 })
    await double.order('restart')
    const { nextExpectedRevision } = await eventually(
      'an append after the restart',
      () => client.appendToStream('incident-1', opened(1)).catch(() => false as const),
      20_000,
    )
    expect(nextExpectedRevision).toBe(1n)
  })

  it('says when it could not start', async () => {
    await expect(forkEventStoreDouble(script, { profile: '23.10', port: double.port })).rejects.toThrow(
      /could not start: .*EADDRINUSE/,
    )
  })
})
