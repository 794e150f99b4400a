import type { InvalidInput } from '#libs/event-sourcing'
import { fromAlertmanager, fromGeneric } from './alert.intake.js'
import { type AlertmanagerAlert, type AlertmanagerBody, readAlertmanagerBody } from './dto/alert.dto.js'

const one = (changes: Partial<AlertmanagerAlert> = {}): AlertmanagerAlert => ({
  status: 'firing',
  labels: { alertname: 'Slow', instance: 'web-1' },
  annotations: { summary: 'Slow' },
  startsAt: '2026-01-05T09:00:00.123456789+01:00',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: 'f1',
  ...changes,
})
const body = (changes: Partial<AlertmanagerBody> = {}): AlertmanagerBody & Record<string, unknown> => ({
  version: '4',
  groupKey: '{}:{alertname="Slow"}',
  status: 'firing',
  receiver: 'ledgerdesk',
  externalURL: 'http://one:9093',
  groupLabels: { alertname: 'Slow' },
  commonLabels: { alertname: 'Slow' },
  commonAnnotations: { summary: 'Slow' },
  alerts: [one(), one({ fingerprint: 'f2', startsAt: '2026-01-05T07:00:00Z' })],
  ...changes,
})
const grouped = (changes?: Partial<AlertmanagerBody>) => fromAlertmanager(body(changes), 'group', 'a')[0]!

describe('what Alertmanager says', () => {
  it('is one alert for the group', () => {
    expect(grouped({ truncatedAlerts: 3 })).toMatchObject({
      key: '{}:{alertname="Slow"}',
      keyedBy: 'group',
      status: 'firing',
      labels: { alertname: 'Slow' },
      startsAt: '2026-01-05T07:00:00.000Z',
      endsAt: undefined,
      firing: 2,
      truncated: 3,
    })
  })

  it('has cleared when the last of the group has', () => {
    const gone = (endsAt: string) => one({ status: 'resolved', endsAt })
    const alerts = [gone('2026-01-05T09:00:00Z'), gone('2026-01-05T09:30:00Z')]
    expect(grouped({ status: 'resolved', alerts })).toMatchObject({
      status: 'resolved',
      endsAt: '2026-01-05T09:30:00.000Z',
      firing: 0,
    })
  })

  it('is one for each fingerprint', () => {
    const said = body({ alerts: [one(), one({ fingerprint: undefined }), one({ status: 'resolved' })] })
    const [first, second, ...more] = fromAlertmanager(said, 'fingerprint', 'a')
    expect(more).toEqual([])
    expect(first).toMatchObject({ key: 'f1', status: 'resolved', firing: 0, keyedBy: 'fingerprint' })
    expect(second?.key).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is the same from whichever of a cluster, and another when anything of the alerts differs', () => {
    const { hash } = grouped()
    expect(grouped({ externalURL: 'http://two:9093', receiver: 'other' } as never).hash).toBe(hash)
    expect(grouped({ alerts: [one(), one({ startsAt: '2026-01-05T08:00:00Z' })] }).hash).not.toBe(hash)
    expect(grouped({ truncatedAlerts: 1 }).hash).not.toBe(hash)
  })

  it('may say what nobody knows yet, but must say what is read', () => {
    expect(readAlertmanagerBody({ ...body(), later: { version: true } })).toBeDefined()
    const pointers = (value: unknown) => {
      try {
        readAlertmanagerBody(value)
        return []
      } catch (error) {
        return ((error as InvalidInput).extra.errors as { pointer: string }[]).map(({ pointer }) => pointer)
      }
    }
    expect(pointers({ ...body(), alerts: [{ labels: { a: 1 }, startsAt: 'today' }] }).sort()).toEqual([
      '/alerts/0/labels/a',
      '/alerts/0/startsAt',
      '/alerts/0/status',
    ])
    expect(pointers([])).toEqual([''])
    expect(pointers({ ...body(), alerts: Array.from({ length: 100 }, () => ({})) })).toHaveLength(50)
  })
})

it('keeps of long labels what labels are', () => {
  const labels = { long: 'x'.repeat(5_000) }
  const { labels: kept, annotations } = fromGeneric({
    source: 's',
    key: 'k',
    status: 'firing',
    labels,
    annotations: labels,
  })
  expect([kept.long?.length, annotations.long?.length]).toEqual([1_000, 4_000])
})
