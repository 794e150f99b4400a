import { derivedId, NotFound } from '#libs/event-sourcing'
import { InMemoryEventStore } from '#libs/testing'
import { settleConfigurationPoint } from './configuration-point.js'

describe('The system axis told by a change', () => {
  let store: InMemoryEventStore
  beforeEach(() => {
    store = new InMemoryEventStore()
  })

  async function happened(stream: string, type: string, data: object = {}): Promise<string> {
    const { length } = await store.readStream(stream)
    const commandId = derivedId('test', stream, length)
    const outcome = await store.append({
      stream,
      expectedRevision: length === 0 ? 'noStream' : length - 1,
      events: [
        {
          id: commandId,
          type,
          data,
          metadata: {
            actor: 'adam',
            channel: 'api',
            occurredAt: '2026-03-01T10:00:00.000Z',
            commandId,
            correlationId: commandId,
            schemaVersion: 1,
          },
        },
      ],
    })
    return outcome.kind === 'appended' ? outcome.last.position : outcome.kind
  }
  const asOf = async (change: string) =>
    (await settleConfigurationPoint(store, { asOf: `change:${change}` })).asOf
  const refusal = (change: string) =>
    asOf(change).then(
      () => 'settled',
      (error: NotFound) => [error instanceof NotFound, error.code],
    )

  it('is where the change was closed, by its number or the figures of it', async () => {
    await happened('change-CHG0000007', 'ChangeOpened')
    await happened('ci-CI0000001', 'CiRegistered')
    const closed = await happened('change-CHG0000007', 'ChangeClosed')
    await happened('change-CHG0000007', 'ChangeCommentAdded')
    await happened('ci-CI0000002', 'CiRegistered')
    expect(await asOf('CHG0000007')).toBe(closed)
    expect(await asOf('7')).toBe(closed)
  })

  it('is where the last of its values was written, when it was closed before that', async () => {
    const change = 'CHG0000007'
    for (const ci of ['CI0000001', 'CI0000002', 'CI0000003'])
      await happened(`change-${change}`, 'ProposedValuesReleased', { ci, attributes: {} })
    await happened('ci-CI0000001', 'CiChanged', { changes: {}, change })
    await happened(`change-${change}`, 'ChangeClosed')
    const last = await happened('ci-CI0000002', 'CiChanged', { changes: {}, change })
    await happened('ci-CI0000002', 'CiChanged', { changes: {}, change: 'CHG0000008' })
    await happened('ci-CI0000003', 'CiChanged', { changes: {} })
    expect(await asOf(change)).toBe(last)
  })

  it('is where a source was seen to have closed it', async () => {
    await happened('change-EX1', 'ChangeStateObserved', { from: 'New', to: 'Review' })
    expect(await refusal('EX1')).toEqual([true, 'CHANGE.NOT_CLOSED'])
    const closed = await happened('change-EX1', 'ChangeStateObserved', { from: 'Review', to: 'Closed' })
    expect(await asOf('EX1')).toBe(closed)
  })

  it('keeps to the valid time that is asked for', async () => {
    await happened('change-CHG0000001', 'ChangeClosed')
    const validAt = '2026-02-01T00:00:00.000Z'
    const point = await settleConfigurationPoint(store, { validAt, asOf: 'change:1' })
    expect(point.validAt).toBe(validAt)
  })

  it('is refused of a change that there is not, or that is not closed', async () => {
    await happened('change-CHG0000001', 'ChangeOpened')
    expect(await refusal('1')).toEqual([true, 'CHANGE.NOT_CLOSED'])
    expect(await refusal('2')).toEqual([true, 'CHANGE.UNKNOWN'])
    expect(await refusal('none at all')).toEqual([true, 'CHANGE.UNKNOWN'])
  })
})
