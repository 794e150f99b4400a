import { policySpec, recorded } from '#libs/testing'
import type { ReconciliationEvent } from './configuration.events.js'
import { reconciliation } from './configuration.policies.js'

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
