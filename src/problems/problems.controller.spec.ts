import type { Role } from '#libs/access'
import { NotFound, Unavailable } from '#libs/event-sourcing'
import type { RequestContext } from '#libs/platform'
import { principal } from '#projections/principals.fixture'
import type { CommandSender } from '../http/command-sender.js'
import type { Queries } from '../http/queries.js'
import { ProblemsController } from './problems.controller.js'

describe('A problem that is opened', () => {
  const contextOf = (role: Role) => ({ principal: principal('ann', [role]) }) as RequestContext
  const send = jest.fn(async () => ({ id: 'PRB0000001', revision: 1, position: '1' }))
  const ask = jest.fn(async (_: unknown, { id }: { id: string }) => {
    if (id === 'INC0000002') throw new Unavailable('PROJECTION.NOT_BUILT', 'It is being built')
    if (id !== 'INC0000001') throw new NotFound('CANDIDATE.UNKNOWN', 'There is none')
    return { json: '{}' }
  })
  const controller = new ProblemsController(
    { ask } as unknown as Queries,
    { send } as unknown as CommandSender,
  )
  const open = (candidate?: string, role: Role = 'agent') =>
    controller.open({ title: 'Printer is slow', candidate }, contextOf(role))
  beforeEach(() => send.mockClear())

  it('is made from a candidate that is there', async () => {
    await expect(open('INC9999999')).rejects.toMatchObject({
      code: 'PROBLEM.CANDIDATE_UNKNOWN',
      extra: { errors: [{ pointer: '/candidate' }] },
    })
    expect(send).not.toHaveBeenCalled()
    // Counter-proofs
    await open('INC0000001')
    await open()
    expect(send).toHaveBeenCalledTimes(2)
  })

  it('is made from what it names where nobody can tell: by a program that may see none, and while they are being built', async () => {
    await open('INC9999999', 'service')
    await open('INC0000002')
    expect(send).toHaveBeenCalledTimes(2)
  })
})
