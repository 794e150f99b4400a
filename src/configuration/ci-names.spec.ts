import { systemPrincipal } from '#libs/access'
import { CommandExecutor, FactSource, StreamCache } from '#libs/command-handling'
import { type CommandMetadata, derivedId, type LedgerdeskError, type NewEvent } from '#libs/event-sourcing'
import type { AppendOutcome, AppendRequest } from '#libs/event-store'
import { commandMetadata, InMemoryEventStore } from '#libs/testing'
import { CiNaming } from './ci-names.js'
import { ciNameRecords, ciRecords } from './configuration.records.js'
import {
  CorrectCi,
  RegisterCi,
  ReleaseCiName,
  RenameCi,
  ReserveCiName,
  RetireCi,
} from './domain/ci.commands.js'
import { ciNameId } from './domain/ci-name.decider.js'

/** A store whose process dies before, or waits before, it appends an event of a type. */
class Interrupted extends InMemoryEventStore {
  before: { type: string; run: () => Promise<void> } | undefined

  override async append(request: AppendRequest): Promise<AppendOutcome> {
    const { before } = this
    if (before && request.events.some(({ type }: NewEvent) => type === before.type)) {
      this.before = undefined
      await before.run()
    }
    return super.append(request)
  }
}
const dies = async () => {
  throw new Error('killed')
}

describe('The name of a CI', () => {
  let store: Interrupted
  let commands: number
  beforeEach(() => {
    store = new Interrupted()
    commands = 0
  })

  /** A process of its own: nothing in memory is shared. */
  const started = () => {
    const executor = new CommandExecutor({
      store,
      facts: new FactSource(store, []),
      cache: new StreamCache(),
      principal: systemPrincipal,
      schemaVersion: () => 1,
    })
    return { executor, naming: new CiNaming(executor, store) }
  }
  const metadata = (changes: Partial<CommandMetadata> = {}) =>
    commandMetadata({
      occurredAt: new Date().toISOString(),
      commandId: derivedId('spec', commands++),
      actor: 'system:spec',
      ...changes,
    })
  const minutesLater = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  const register = (name: string, changes?: Partial<CommandMetadata>) =>
    new RegisterCi(undefined, { class: 'server', name }, metadata(changes))
  const code = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      (error: LedgerdeskError) => [error.code ?? error.message, error.extra?.ci].filter(Boolean).join(' '),
    )
  const types = async (stream: string) => (await store.readStream(stream)).map(({ type }) => type)

  it('is borne by one live CI of a class; the other is told which', async () => {
    const { naming } = started()
    const { id } = await naming.carryOut(register('db-01'))
    expect(id).toBe('CI0000001')
    expect(await types('ci-CI0000001')).toEqual(['CiProposed', 'CiRegistered'])
    expect(await code(naming.carryOut(register('db-01')))).toBe('CI.NAME_TAKEN CI0000001')
    // Refused before a number is taken
    expect((await naming.carryOut(register('db-02'))).id).toBe('CI0000002')
  })

  it('goes to one of many who want it at once, in several processes', async () => {
    const processes = [started(), started(), started()]
    const wishes = Array.from({ length: 30 }, (_, n) => processes[n % 3]!.naming.carryOut(register('db-01')))
    const outcomes = await Promise.all(wishes.map(code))
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(1)
    const winners = new Set(outcomes.filter((one) => one !== 'done'))
    expect([...winners]).toEqual([expect.stringMatching(/^CI\.NAME_TAKEN CI\d{7}$/)])
    const { events } = await store.readAll({ after: '0'.repeat(20), limit: 1_000, types: ['CiRegistered'] })
    expect(events).toHaveLength(1)
  })

  it('is free after a rename or a retirement, at once', async () => {
    const { naming, executor } = started()
    await naming.carryOut(register('db-01'))
    await naming.carryOut(new RenameCi('CI0000001', { name: 'db-02' }, metadata()))
    expect((await naming.carryOut(register('db-01'))).id).toBe('CI0000002')
    expect(await code(naming.carryOut(new RenameCi('CI0000001', { name: 'db-01' }, metadata())))).toBe(
      'CI.NAME_TAKEN CI0000002',
    )
    await executor.execute(ciRecords, new RetireCi('CI0000002', {}, metadata()))
    expect(await code(naming.carryOut(new RenameCi('CI0000001', { name: 'db-01' }, metadata())))).toBe('done')
    const again = { status: 'live' as const, enteredAt: minutesLater(1) }
    const { occurredAt } = metadata()
    expect(
      await code(naming.carryOut(new CorrectCi('CI0000002', again, metadata({ occurredAt, reason: 'No' })))),
    ).toBe('CI.NAME_TAKEN CI0000001')
  })

  it('is given up when the command is refused after all', async () => {
    const { naming } = started()
    await naming.carryOut(register('db-01'))
    const stale = metadata({ expectedRevision: 0 })
    expect(await code(naming.carryOut(new RenameCi('CI0000001', { name: 'db-02' }, stale)))).toMatch(
      /^REVISION/,
    )
    expect((await naming.carryOut(register('db-02'))).id).toBe('CI0000002')
  })

  it.each(['CiNameReserved', 'CiRegistered'])(
    'goes on under the same key when the process dies before %s',
    async (type) => {
      store.before = { type, run: dies }
      const keyed = { keyed: true, requestHash: 'h', commandId: derivedId('spec', 'key') }
      expect(await code(started().naming.carryOut(register('db-01', keyed)))).toBe('killed')
      const [first, second] = await Promise.all([
        started().naming.carryOut(register('db-01', keyed)),
        started().naming.carryOut(register('db-01', keyed)),
      ])
      expect([first?.id, second?.id]).toEqual(['CI0000001', 'CI0000001'])
      expect(await started().naming.carryOut(register('db-01', keyed))).toMatchObject({
        id: 'CI0000001',
        revision: first?.revision,
        outcome: 'repeated',
      })
      expect(await types('ci-CI0000001')).toEqual(['CiProposed', 'CiRegistered'])
    },
  )

  it('is not blocked for ever by a process that died holding it', async () => {
    store.before = { type: 'CiRegistered', run: dies }
    expect(await code(started().naming.carryOut(register('db-01')))).toBe('killed')
    expect(await code(started().naming.carryOut(register('db-01')))).toBe('CI.NAME_TAKEN CI0000001')
    const late = register('db-01', { occurredAt: minutesLater(2) })
    const { id } = await started().naming.carryOut(late)
    expect(await types(`ci-${id}`)).toEqual(['CiProposed', 'CiRegistered'])
    expect(await types('ci-CI0000001')).toEqual(['CiProposed', 'CiNamingAbandoned'])
  })

  it('is not borne twice when whoever was given up on was only slow', async () => {
    let winner = ''
    store.before = {
      type: 'CiRegistered',
      // Decided, and about to append: meanwhile two minutes go by for somebody else.
      run: async () => {
        winner = (await started().naming.carryOut(register('db-01', { occurredAt: minutesLater(2) }))).id
      },
    }
    const slow = code(started().naming.carryOut(register('db-01')))
    expect(await slow).toBe(`CI.NAME_TAKEN ${winner}`)
    expect(await types('ci-CI0000001')).toEqual(['CiProposed', 'CiNamingAbandoned'])
    expect(await types(`ci-${winner}`)).toEqual(['CiProposed', 'CiRegistered'])
  })

  it('would be borne twice if the slow one were not fenced off (counter-proof)', async () => {
    const taken = { class: 'server', name: 'db-01' }
    store.before = {
      type: 'CiRegistered',
      run: async () => {
        // What the reservation alone would say after a release
        const { executor, naming } = started()
        const [reservation] = await store.readStream(`ciname-${ciNameId(taken)}`)
        const { operation } = reservation?.data as { operation: string }
        const release = new ReleaseCiName(ciNameId(taken), { operation }, metadata())
        await executor.execute(ciNameRecords, release)
        await naming.carryOut(register('db-01'))
      },
    }
    expect(await code(started().naming.carryOut(register('db-01')))).toBe('done')
    const { events } = await store.readAll({ after: '0'.repeat(20), limit: 100, types: ['CiRegistered'] })
    expect(events).toHaveLength(2)
  })

  it('is reserved for one operation at a time, also of the same CI', async () => {
    const { executor } = started()
    const name = { class: 'server', name: 'db-01', ci: 'CI0000001' }
    const reserve = (operation: string) =>
      executor.execute(ciNameRecords, new ReserveCiName(ciNameId(name), { ...name, operation }, metadata()))
    await reserve('one')
    expect(await code(reserve('two'))).toBe('CI.NAMING_UNDER_WAY')
    expect((await reserve('one')).outcome).toBe('unchanged')
  })
})
