import { type EventStoreDoubleOptions, startEventStoreDouble } from './eventstore-double.js'

/** What the parent of a double in its own process may ask of it. */
export type Order = 'refuseConnections' | 'restart' | 'endSubscriptions' | 'cutOffSubscribers'

const ORDERS = new Set<string>([
  'refuseConnections',
  'restart',
  'endSubscriptions',
  'cutOffSubscribers',
] satisfies Order[])

/** The child's side of `forkEventStoreDouble`: options as JSON in the first argument, orders and answers by IPC. */
try {
  const double = await startEventStoreDouble(JSON.parse(process.argv[2] ?? '{}') as EventStoreDoubleOptions)
  process.on('message', async ({ id, order }: { id: number; order: string }) => {
    if (ORDERS.has(order)) await double.faults[order as Order]()
    process.send?.({ id })
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.({ port: double.port })
} catch (error) {
  process.send?.({ failed: String(error) })
  process.disconnect()
}
