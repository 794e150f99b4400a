import type { RequestContext } from '#libs/platform'
import { principal } from '#projections/principals.fixture'
import type { CommandSender } from '../http/command-sender.js'
import type { Queries } from '../http/queries.js'
import { CandidatesController } from './candidates.controller.js'

const MEMBERS = ['INC0000001', 'INC0000002'].map((number) => ({ number }))

describe('Deciding on a candidate', () => {
  const params = { id: 'INC0000001' }
  const context = { principal: principal('ann', ['agent']) } as RequestContext
  /** One that is seen as this, and how often a decision on it was sent. */
  const seenAs = (candidate: object) => {
    const seen = { title: 'Printer is slow', score: 7, memberCount: 2, members: MEMBERS, ...candidate }
    const queries = { ask: async () => ({ json: JSON.stringify(seen) }) } as unknown as Queries
    const send = jest.fn(async () => ({ revision: 1, position: '1' }))
    const controller = new CandidatesController(queries, { send } as unknown as CommandSender)
    const decisions = {
      accept: () => controller.accept(params, {}, context),
      dismiss: () => controller.dismiss(params, { reason: 'A planned outage' }, context),
    }
    return { send, decisions: Object.values(decisions) }
  }

  it.each([
    ['goes on in another one', { status: 'merged', mergedInto: 'INC0000002' }, 'CANDIDATE.MERGED'],
    ['has too few incidents left', { status: 'dissolved', memberCount: 1 }, 'CANDIDATE.DISSOLVED'],
  ])('is refused when it %s', async (_, candidate, code) => {
    const { send, decisions } = seenAs(candidate)
    for (const decide of decisions) await expect(decide()).rejects.toMatchObject({ code })
    expect(send).not.toHaveBeenCalled()
  })

  it('names the one that a merged one goes on in', async () => {
    const { decisions } = seenAs({ status: 'merged', mergedInto: 'INC0000002' })
    for (const decide of decisions) await expect(decide()).rejects.toThrow('INC0000002')
  })

  it.each(['open', 'accepted', 'dismissed'])(
    'is sent when it is %s: whether it still may be, is not seen here',
    async (status) => {
      const { send, decisions } = seenAs({ status })
      for (const decide of decisions) await decide()
      expect(send).toHaveBeenCalledTimes(decisions.length)
    },
  )
})
