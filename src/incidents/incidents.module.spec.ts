import { commandMetadata } from '#libs/testing'
import { incidents } from './incidents.module.js'

it('incidents are taken from the queue that is asked for, and passed over when they wait there no more', () => {
  const { accept, gone } = incidents.acceptance
  const command = accept('INC0000001', 'Network', commandMetadata({ actor: 'ann' }))
  expect(command).toMatchObject({ id: 'INC0000001', type: 'Accept', data: { queue: 'Network' } })
  expect(gone).toContain('INCIDENT.NOT_WAITING')
})
