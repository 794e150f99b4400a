import { policySpec, recorded } from '#libs/testing'
import type { ReconciliationEvent } from './configuration.events.js'
import { proposedValues, reconciliation } from './configuration.policies.js'

const item = { class: 'server', name: 'db-01', attributes: { serialNumber: 'S' } }
const opened = {
  type: 'ReconciliationReviewOpened',
  data: { source: 'nmap', run: '1', item, candidates: ['a', 'b'], rule: ['serialNumber'] },
} as const

describe('ci_reconciliation', () => {
  const when = (resolved: Extract<ReconciliationEvent, { type: 'ReconciliationReviewResolved' }>['data']) => {
    const events = recorded<ReconciliationEvent>('reconciliation-r', [
      opened,
      { type: 'ReconciliationReviewResolved', data: resolved },
    ])
    return policySpec(reconciliation).given(events[0]!).when(events[1]!)
  }

  it('changes the one that it is', () => {
    const data = { source: 'nmap', run: '1', name: 'db-01', attributes: item.attributes }
    when({ decision: 'same-as', ci: 'a' }).thenCommands({ type: 'ReconcileCi', id: 'a', data })
  })

  it('registers what is none of them, and lets be what is nothing of ours', () => {
    when({ decision: 'new' }).thenCommands({
      type: 'RegisterCi',
      id: undefined,
      data: { ...item, source: 'nmap' },
    })
    when({ decision: 'dismissed' }).thenNothing()
  })
})

it('what a change that was done has proposed is applied under its number', () => {
  const attributes = { ramGigabytes: 64 }
  const base = { ramGigabytes: 32 }
  const told = [
    { type: 'ImplementationEnded', data: {} },
    { type: 'ProposedValuesReleased', data: { ci: 'CI1', attributes, base } },
  ]
  const [ended, released] = recorded('change-CHG1', told as never) as never[]
  const data = { change: 'CHG1', attributes, base }
  policySpec(proposedValues).given().when(ended!).thenNothing()
  policySpec(proposedValues)
    .given(ended!)
    .when(released!)
    .thenCommands({ type: 'ApplyProposedValues', id: 'CI1', data })
})
