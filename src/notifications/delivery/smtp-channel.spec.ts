import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { eventually } from '#libs/testing'
import type { Notification } from '../domain/notification.decider.js'
import { SmtpChannel } from './smtp-channel.js'

const ID = '00000000-0000-5000-8000-00000000000a'
const LONG = 60_000

describe('Mail to a server that hangs', () => {
  let server: Server
  const connections = new Set<Socket>()
  let linesSaid = 0
  /** Says something again and again, but never that it is done: no limit on silence notices. */
  let drips = true

  beforeAll(async () => {
    server = createServer((socket) => {
      connections.add(socket)
      socket.write('220 slow ESMTP\r\n')
      socket.on('error', () => {})
      socket.once('data', () => {
        const drip = setInterval(() => {
          if (drips) socket.write(`250-LINE${linesSaid++}\r\n`)
        }, 5)
        socket.once('close', () => clearInterval(drip))
      })
      socket.once('close', () => connections.delete(socket))
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  })
  afterAll(() => new Promise((closed) => server.close(closed)))
  beforeEach(() => {
    drips = true
    linesSaid = 0
  })

  function channel(limits: { silence?: number; delivery?: number }): SmtpChannel {
    return new SmtpChannel({
      url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
      from: 'itsm@example.org',
      addressOf: async () => ({ active: true, email: 'carl@example.org' }),
      limits: { connection: LONG, silence: LONG, delivery: LONG, ...limits },
    })
  }
  const send = (by: SmtpChannel) =>
    by.send(ID, {
      head: { recipient: 'carl', record: 'INC0000001', kind: 'opened' },
      subject: 'Mail',
      text: 'It came',
    } as Notification)
  const noConnection = () => eventually('all connections closed', () => connections.size === 0)

  it('is given up for now when the whole delivery takes too long, and its connection is closed', async () => {
    await expect(send(channel({ delivery: 100 }))).rejects.toMatchObject({
      permanent: false,
      message: 'The server was not done within 0.1 s',
    })
    await noConnection()
  })

  it('goes on while the server says something, with a limit on silence alone (counter-proof); closing cuts it off', async () => {
    const patient = channel({ silence: 100 })
    const sending = send(patient)
    sending.catch(() => {})
    await eventually('lines for longer than the silence', () => linesSaid > 60)
    expect(connections.size).toBe(1)
    patient.close()
    await expect(sending).rejects.toMatchObject({ permanent: false })
    await noConnection()
  })

  it('is given up for now when the server falls silent', async () => {
    drips = false
    await expect(send(channel({ silence: 100 }))).rejects.toMatchObject({ permanent: false })
    await noConnection()
  })

  it('is not begun after closing', async () => {
    const closed = channel({})
    closed.close()
    await expect(send(closed)).rejects.toMatchObject({ permanent: false })
    expect(connections.size).toBe(0)
  })
})
