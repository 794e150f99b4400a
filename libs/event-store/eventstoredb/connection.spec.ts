import { createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { startEventStoreDouble } from '../../testing/eventstoredb/index.js'
import { temporaryEventStoreDb } from '../../testing/temporary-eventstoredb.js'
import { newEvent } from '../event-store.contract.js'
import { Connection } from './connection.js'
import { openEventStoreDb } from './index.js'
import { NoAnswer, portError, troubleOf } from './server-errors.js'
import { StreamNames } from './stream-names.js'

describe('a connection to EventStoreDB', () => {
  it.each([
    ['esdb://localhost:2113?tls=false'],
    ['esdb://admin:changeit@localhost:2113'],
    ['esdb://admin:p%40ss@a.example:2113,b.example:2113,c.example:2113?nodePreference=leader'],
    ['esdb+discover://admin:changeit@cluster.example:2113?maxDiscoverAttempts=20'],
    ['kurrentdb://admin:changeit@localhost'],
    ['kurrentdb+discover://admin:changeit@cluster.example'],
    ['kdb://localhost?tls=false'],
  ])('takes %s', async (url) => {
    await new Connection({ url }).close()
  })

  it('sends user and password as they are meant', () => {
    const { credentials } = new Connection({ url: 'esdb://ann:p%40ss@localhost' }).appendOptions()
    expect(credentials).toEqual({ username: 'ann', password: 'p@ss' })
  })

  it.each([
    ['http://localhost:2113', 'must begin with esdb://'],
    ['esdb://admin:secret@localhost?bogus=1', 'no option "bogus"'],
    ['esdb://admin:secret@localhost?tls=maybe', 'tls must be true or false'],
    ['esdb://admin:se@cret:secret@localhost', 'percent-encoded'],
    ['esdb://admin:secret%zz@localhost', 'percent-encoded'],
    ['esdb://localhost:2113', 'needs user:password@'],
    ['esdb://admin:secret@localhost?throwOnAppendFailure=false', 'throwOnAppendFailure'],
    ['esdb://admin:secret@a,b?nodePreference=follower', 'nodePreference=follower'],
    ['esdb://admin:secret@localhost:port', 'can’t be read'],
    ['esdb://admin:secret@local{host', 'can’t be read'],
  ])('refuses %s without repeating a password', (url, message) => {
    const printed = jest.spyOn(console, 'warn').mockImplementation(() => {})
    const told = jest.spyOn(process.stderr, 'write')
    let refused: Error | undefined
    try {
      new Connection({ url })
    } catch (error) {
      refused = error as Error
    }
    expect(refused?.message).toContain(message)
    expect(refused?.message).not.toContain('secret')
    expect(JSON.stringify([printed.mock.calls, told.mock.calls])).not.toContain('secret')
    jest.restoreAllMocks()
  })

  it('asks servers not to compress', async () => {
    const asked: unknown[] = []
    const server: Http2Server = createServer()
    server.on('stream', (stream, headers) => {
      asked.push(headers['grpc-accept-encoding'])
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' },
        { endStream: true },
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `esdb://127.0.0.1:${(server.address() as AddressInfo).port}?tls=false`
    await expect(openEventStoreDb({ url, namespace: 'test', patienceMs: 50 })).rejects.toMatchObject({
      name: 'Unavailable',
    })
    expect([...new Set(asked)]).toEqual(['identity'])
    server.close()
  })

  it('finds a cluster by its members', async () => {
    const double = await startEventStoreDouble({ profile: '26.1' })
    const url = `esdb://127.0.0.1:${double.port},127.0.0.1:${double.port}?tls=false&nodePreference=leader`
    const store = await openEventStoreDb({ url, namespace: 'test' })
    const request = { stream: 'incident-1', expectedRevision: 'noStream' as const, events: [newEvent('A')] }
    expect((await store.append(request)).kind).toBe('appended')
    await store.close()
    await double.stop()
  })

  it('does not open a log on a server that accepts and says nothing', async () => {
    const log = await temporaryEventStoreDb({ profile: '23.10' })
    log.double.faults.blackHole()
    // Nothing ends its silence before that is told: who waited for it would wait for ever
    await expect(log.open({ timeoutMs: 300, patienceMs: 300 })).rejects.toMatchObject({ retryAfter: 1 })
    log.double.faults.thaw()
    await log.dispose()
  })
})

describe('errors of the client', () => {
  const grpc = (code: number | undefined, type?: string) => Object.assign(new Error('x'), { code, type })

  it.each([[1], [2], [4], [10], [13], [14], [undefined]])(
    'with code %s leave it open what happened',
    (code) => {
      expect(troubleOf(grpc(code))).toBe('away')
      expect(portError(grpc(code))).toMatchObject({ name: 'Unavailable', code: 'EVENT_STORE.UNAVAILABLE' })
    },
  )

  it('are told apart by their type first', () => {
    expect(troubleOf(grpc(2, 'wrong-expected-version'))).toBe('wrongRevision')
    expect(troubleOf(grpc(5, 'not-leader'))).toBe('away')
    expect(portError(grpc(7, 'access-denied'))).toMatchObject({ code: 'EVENT_STORE.ACCESS_DENIED' })
    expect(portError(grpc(undefined, 'maximum-append-size-exceeded'))).toMatchObject({ name: 'TooLarge' })
    expect(troubleOf(new NoAnswer('Reading', 5))).toBe('away')
  })

  it('do not hide faults of this program', () => {
    for (const fault of [new TypeError('x'), new SyntaxError('x'), grpc(12), grpc(3)]) {
      expect(troubleOf(fault)).toBe('fault')
      expect(portError(fault)).toBe(fault)
    }
  })
})

describe('names on the server', () => {
  it('are ours only with the whole namespace', () => {
    const names = new StreamNames('acme')
    expect(names.ours(names.onServer('incident-INC1'))).toBe('incident-INC1')
    for (const foreign of [
      'incident-INC1',
      'acme-2.incident-1',
      'acme2.incident-1',
      '$$acme.incident-1',
      'acme.log',
    ]) {
      expect(names.ours(foreign)).toBeUndefined()
    }
    for (const namespace of ['', 'a.b', '$acme', 'ä', 'x'.repeat(51)]) {
      expect(() => new StreamNames(namespace)).toThrow('namespace')
    }
  })
})
