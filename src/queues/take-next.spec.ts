import type { CommandReceipt } from '#libs/command-handling'
import { type Command, Refused } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { RequestContext } from '#libs/platform'
import { commandMetadata } from '#libs/testing'
import type { CommandSender } from '../http/command-sender.js'
import type { Queries } from '../http/queries.js'
import { type Acceptance, TakeNext } from './take-next.js'

const ACCEPTANCE: Acceptance = {
  streamPrefix: 'incident-',
  accept: (id, queue, metadata) => ({ type: 'Accept', id, data: { queue }, metadata }) satisfies Command,
  gone: ['INCIDENT.NOT_WAITING', 'INCIDENT.ALREADY_ASSIGNED'],
}

describe('taking the next of a queue', () => {
  /** What the queue shows, in its order: the number, and what accepting it is refused with. */
  const taken = async (shown: Record<string, string | undefined>) => {
    const queries = { ask: async () => ({ json: JSON.stringify(Object.keys(shown)) }) }
    const sender: Pick<CommandSender, 'send'> = {
      send: async (_context, _wish, build) => {
        const { id, data } = build(commandMetadata({ actor: 'ann' })) as { id: string; data: object }
        expect(data).toEqual({ queue: 'Network' })
        const code = shown[id]
        if (code !== undefined) throw new Refused(code, 'No')
        return { id, outcome: 'appended' } as unknown as CommandReceipt
      },
    }
    const next = new TakeNext(
      sender as CommandSender,
      queries as unknown as Queries,
      { head: async () => '1' } as unknown as EventStore,
      ACCEPTANCE,
    )
    const { id } = await next.take('Network', {}, { principal: { id: 'ann' } } as RequestContext)
    return id
  }

  it('passes over what waits there no more', async () => {
    const moved = 'INCIDENT.NOT_WAITING'
    expect(await taken({ INC1: moved, INC2: 'INCIDENT.ALREADY_ASSIGNED', INC3: undefined })).toBe('INC3')
  })

  it('tells whoever may not have it why (counter-proof)', async () => {
    const refused = taken({ INC1: 'INCIDENT.NOT_A_MEMBER', INC2: undefined })
    await expect(refused).rejects.toMatchObject({ code: 'INCIDENT.NOT_A_MEMBER' })
  })
})
