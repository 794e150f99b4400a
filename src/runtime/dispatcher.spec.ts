import type { CommandBus } from '@nestjs/cqrs'
import { LogMoved, Refused, Unavailable } from '#libs/event-sourcing'
import { Metrics } from '#libs/platform'
import { Categorize } from '../incidents/domain/incident.commands.js'
import { Dispatcher } from './dispatcher.js'

const metadata = {
  actor: 'system:auto-close',
  channel: 'policy' as const,
  occurredAt: '2026-01-01T00:00:00.000Z',
  commandId: '00000000-0000-4000-8000-000000000001',
  keyed: true,
  correlationId: 'c',
}

it.each([
  ['refused', new Refused('INCIDENT.CLOSED', 'It is closed.')],
  ['retry', new Unavailable('EVENT_STORE.UNAVAILABLE', 'The store is away.')],
  // The policy must not tick it off: it is sent from where the log went
  ['retry', new LogMoved('This log was moved.')],
  ['retry', new Error('a fault of ours')],
])('answers a policy %s after %s', async (outcome, failure) => {
  const dispatcher = new Dispatcher(new Metrics())
  dispatcher.bus = { execute: () => Promise.reject(failure) } as unknown as CommandBus
  const command = new Categorize('INC0000001', { category: 'mail' }, metadata)
  expect(await dispatcher.dispatch(command)).toMatchObject({ outcome })
})
