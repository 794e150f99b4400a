import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '#libs/event-sourcing'
import { eventually } from '../../libs/testing/eventually.js'
import { ask, expectOk } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { appendByHand } from './server/foreign-hand.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { issueTokens, type Tokens } from './server/people.js'

/** Long enough for whatever a timer would do wrongly. */
const A_WHILE = 1_000

describe('timers of a server', () => {
  const ledgerdesk = new Ledgerdesk()
  const folder = new DataFolder()
  let tokens: Tokens
  let server: ServerProcess
  beforeAll(async () => {
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    folder.dispose()
  })

  const send = (path: string, body: object) =>
    expectOk(server.url, { token: tokens.agents[0]!, path: `/incidents${path}`, body })
  const inMilliseconds = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString()

  async function accepted(): Promise<string> {
    const { id } = (await send('', { title: 'Printer' })).body
    await send(`/${id}/accept`, {})
    return id
  }

  /** Resolves with a time to close that no setting in days can give. */
  function resolveByHand(number: string, autoCloseAt: string, channel?: 'import'): Promise<RecordedEvent> {
    const resolution = { code: 'code 5', notes: 'Done', resolvedBy: 'agent-1' }
    return appendByHand(
      folder,
      number,
      'IncidentResolved',
      { ...resolution, autoCloseAt, settingsVersion: 0 },
      channel,
    )
  }

  /** What policies have done to an incident. */
  async function done(number: string): Promise<RecordedEvent[]> {
    const events = await folder.withLog((log) => log.readStream(`incident-${number}`))
    return events.filter(({ metadata }) => metadata.channel === 'policy')
  }

  function untilDone(number: string): Promise<RecordedEvent[]> {
    return eventually(
      `${number} is done`,
      async () => {
        const events = await done(number)
        return events.length > 0 && events
      },
      20_000,
    )
  }

  async function untilLevel(): Promise<void> {
    const path = '/projections'
    await eventually(
      'policies follow',
      async () => {
        const { status, body } = await ask(server.url, { token: tokens.admin, path })
        return status === 200 && body.items.every(({ state }: { state: string }) => state === 'following')
      },
      20_000,
    )
  }

  it('fire once after the start when they fell due while none ran', async () => {
    const [onHold, toClose, toRemind, silent] = [
      await accepted(),
      await accepted(),
      await accepted(),
      await accepted(),
    ]
    const until = inMilliseconds(3_000)
    await send(`/${onHold}/hold`, { holdReason: 'awaiting-vendor', until })
    await server.kill()
    await resolveByHand(toClose, until)
    const hold = { reason: 'awaiting-caller', comment: 'Which printer?' }
    const wait = { hold, listVersion: 0, awaitsCaller: true, settingsVersion: 0 }
    await appendByHand(folder, toRemind, 'IncidentHeld', { ...wait, remindAt: until })
    await appendByHand(folder, silent, 'IncidentHeld', { ...wait, remindAt: inMilliseconds(60_000) })
    const reminder = { count: 1, resolveAt: until, settingsVersion: 0 }
    await appendByHand(folder, silent, 'CallerReminded', reminder)
    await sleep(Date.parse(until) - Date.now())
    for (const number of [onHold, toClose, toRemind, silent]) expect(await done(number)).toEqual([])

    server = await ledgerdesk.serve(folder.path)
    const outcomes = [
      [onHold, 'IncidentResumed', 'incident_hold_expiry', { cause: 'hold-expired' }],
      [toClose, 'IncidentClosed', 'incident_auto_close', { cause: 'auto-close' }],
      [toRemind, 'CallerReminded', 'incident_silent_caller', { count: 1 }],
      [silent, 'IncidentResolved', 'incident_silent_caller', { cause: 'silent-caller' }],
    ] as const
    for (const [number] of outcomes) await untilDone(number)
    await server.kill()
    server = await ledgerdesk.serve(folder.path)
    await untilLevel()
    await sleep(A_WHILE)
    for (const [number, type, policy, data] of outcomes) {
      const metadata = expect.objectContaining({ actor: `system:${policy}`, channel: 'policy' })
      expect(await done(number)).toEqual([
        expect.objectContaining({ type, metadata, data: expect.objectContaining(data) }),
      ])
    }
  })

  it('do not fire when they were overtaken, nor for what an import tells', async () => {
    const [reopened, imported, control] = [await accepted(), await accepted(), await accepted()]
    const due = inMilliseconds(4_000)
    await resolveByHand(reopened, due)
    await send(`/${reopened}/reopen`, {})
    await resolveByHand(imported, due, 'import')
    await resolveByHand(control, due)
    await untilDone(control)
    await sleep(A_WHILE)
    expect(await done(reopened)).toEqual([])
    expect(await done(imported)).toEqual([])
  })

  it('fire once with two servers on the folder, of which one is killed when they are due', async () => {
    const other = await ledgerdesk.serve(folder.path)
    const numbers = await Promise.all(Array.from({ length: 20 }, () => accepted()))
    const due = inMilliseconds(3_000)
    for (const number of numbers) await resolveByHand(number, due)
    await sleep(Math.max(0, Date.parse(due) - Date.now()) + 20)
    // The first one has the leases.
    await server.kill()
    server = other
    for (const number of numbers) await untilDone(number)
    await sleep(A_WHILE)
    const events = (await Promise.all(numbers.map(done))).flat()
    expect(events.map(({ type }) => type)).toEqual(numbers.map(() => 'IncidentClosed'))
  })
})
