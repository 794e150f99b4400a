import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CommandMetadata, eventId, type NewEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { fromAlertmanager, fromGeneric } from '../../src/alerts/alert.intake.js'
import { alertId, alertRecords } from '../../src/alerts/alert.record.js'
import { BindAlertIncident, type Notification, ReceiveAlert } from '../../src/alerts/domain/alert.commands.js'
import { OpenIncident } from '../../src/incidents/domain/incident.commands.js'
import { incidentRecords } from '../../src/incidents/incident.record.js'
import { openWriteSide, type WriteSide } from '../../src/runtime/write-side.js'
import type { Options } from './options.js'
import type { Report } from './report.js'
import { median } from './statistics.js'

/** Alerts of a storm. */
const STORM = 10_000

/**
 * A storm of one alert, post by post, as the write side takes it; beside it, appending the very same events to the same kind
 * of store and nothing else. Both durable, one after the other, as one stream must have it.
 */
export async function measureAlerts(report: Report, { runs }: Options): Promise<void> {
  const storms: Storm[] = []
  const bare: number[] = []
  for (let run = 0; run < runs; run++) {
    const storm = await inFolder(byCommands)
    storms.push(storm)
    bare.push(await inFolder(({ eventStore }) => bareAppends(eventStore, storm.events)))
  }
  const add = (what: string, values: number[], unit: string) =>
    report.add({ section: 'alerts', what, value: median(values), unit, runs: values })
  add(
    'one alert, 10,000 posts',
    storms.map(({ seconds }) => STORM / seconds),
    'alerts/s',
  )
  add(
    'bare append of these events',
    bare.map((seconds) => STORM / seconds),
    'events/s',
  )
  add(
    'ratio',
    storms.map(({ seconds }, run) => bare[run]! / seconds),
    '',
  )
  add(
    'stored, with metadata',
    storms.map(({ bytes }) => bytes / STORM),
    'bytes/alert',
  )
  add(
    'incidents asked for',
    storms.map(({ incidents }) => incidents),
    '',
  )
  const bodies: Body[] = []
  for (let run = 0; run < runs; run++) bodies.push(await inFolder(byOneBody))
  add(
    'one body of 10,000 alerts',
    bodies.map(({ seconds }) => seconds * 1_000),
    'ms',
  )
  add(
    'events of that body',
    bodies.map(({ events }) => events),
    '',
  )
  add(
    'stored of that body',
    bodies.map(({ bytes }) => bytes),
    'bytes',
  )
}

interface Storm {
  seconds: number
  events: readonly NewEvent[]
  bytes: number
  incidents: number
}

async function byCommands({ executor, eventStore }: WriteSide): Promise<Storm> {
  const labels = { alertname: 'Slow', severity: 'critical' }
  const told = (index: number): Notification =>
    fromGeneric({
      source: 'bench',
      key: 'storm',
      status: 'firing',
      labels,
      annotations: { n: String(index) },
    })
  const id = alertId('bench', 'storm')
  const send = (index: number) =>
    executor.execute(alertRecords, new ReceiveAlert(id, told(index), metadata()))
  await send(0)
  // As a policy does it: what follows looks at the incident every time.
  const { id: number } = await executor.execute(
    incidentRecords,
    new OpenIncident(undefined, { title: 'Slow', alert: id }, metadata()),
  )
  await executor.execute(alertRecords, new BindAlertIncident(id, { number }, metadata()))
  const began = performance.now()
  for (let index = 1; index <= STORM; index++) await send(index)
  const seconds = (performance.now() - began) / 1_000
  const stored = await eventStore.readStream(`alert-${id}`)
  const repeats = stored.filter(({ type }) => type === 'AlertRepeated')
  if (repeats.length !== STORM) throw new Error(`${repeats.length} repeats were counted, not ${STORM}`)
  return {
    seconds,
    bytes: bytesOf(repeats),
    incidents: stored.filter(({ type }) => type === 'AlertIncidentRequested').length,
    events: repeats.map(({ type, data, metadata: { recordedAt, ...rest } }, index) => ({
      id: eventId(randomUUID(), 'bench', index),
      type,
      data,
      metadata: rest,
    })),
  }
}

async function bareAppends(eventStore: EventStore, events: readonly NewEvent[]): Promise<number> {
  const began = performance.now()
  for (const [index, event] of events.entries()) {
    const expectedRevision = index === 0 ? 'noStream' : index - 1
    const { kind } = await eventStore.append({ stream: 'alert-bare', expectedRevision, events: [event] })
    if (kind !== 'appended') throw new Error(`a bare append was answered ${kind}`)
  }
  return (performance.now() - began) / 1_000
}

interface Body {
  seconds: number
  events: number
  bytes: number
}

async function byOneBody({ executor, eventStore }: WriteSide): Promise<Body> {
  const alerts = Array.from({ length: STORM }, (_, index) => ({
    status: 'firing' as const,
    labels: { alertname: 'Slow', severity: 'critical', instance: `web-${index}` },
    annotations: { summary: `web-${index} is slow` },
    startsAt: '2026-01-05T08:00:00.000Z',
    fingerprint: String(index).padStart(16, '0'),
  }))
  const body = {
    groupKey: 'storm',
    status: 'firing' as const,
    commonLabels: { alertname: 'Slow', severity: 'critical' },
    alerts,
  }
  const began = performance.now()
  const [notification] = fromAlertmanager(body, 'group', 'bench')
  const id = alertId('bench', 'storm')
  await executor.execute(alertRecords, new ReceiveAlert(id, notification as Notification, metadata()))
  const seconds = (performance.now() - began) / 1_000
  const stored = await eventStore.readStream(`alert-${id}`)
  return { seconds, events: stored.length, bytes: bytesOf(stored) }
}

function bytesOf(events: readonly { data: unknown; metadata: object }[]): number {
  return events.reduce(
    (sum, { data, metadata: about }) => sum + Buffer.byteLength(JSON.stringify(data) + JSON.stringify(about)),
    0,
  )
}

function metadata(): CommandMetadata {
  return {
    actor: 'system:bench',
    channel: 'alert',
    occurredAt: new Date().toISOString(),
    commandId: randomUUID(),
    keyed: false,
    correlationId: randomUUID(),
  }
}

async function inFolder<Result>(work: (write: WriteSide) => Promise<Result>): Promise<Result> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgerdesk-storm-'))
  const write = await openWriteSide({ dataDir }, console)
  try {
    return await work(write)
  } finally {
    await write.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
