import type { TimeWindow } from '#libs/business-time'
import type { LedgerdeskError } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import { type ApprovalPolicy, policyFor } from '../../approvals/domain/defaults.js'
import { approvalPoliciesDecider } from './approval-policies.js'
import { calendarsDecider } from './calendars.js'
import { appliesTo, DEFAULT_APPROVAL_POLICIES } from './defaults.js'
import {
  PublishApprovalPolicies,
  PublishBlackoutWindows,
  PublishCalendars,
  PublishMaintenanceWindows,
} from './settings.commands.js'
import type { CiWindow, NamedCalendar } from './settings.events.js'
import { blackoutWindowsDecider, maintenanceWindowsDecider } from './time-windows.js'

const metadata = commandMetadata({ actor: 'root' })

/** Code and the offending pointers; undefined: it was accepted. */
function refusal(decide: () => unknown): unknown[] | undefined {
  try {
    decide()
    return undefined
  } catch (error) {
    const { code, extra } = error as LedgerdeskError
    return [code, ...((extra.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer)]
  }
}

describe('calendars', () => {
  const office: NamedCalendar = {
    name: 'Office',
    zone: 'Europe/Berlin',
    hours: [{ day: 'MO', from: '09:00', to: '24:00' }],
    holidays: [
      { date: '2026-04-03', name: 'Good Friday' },
      { date: '02-29', name: 'Leap day' },
    ],
  }
  const publish =
    (...calendars: unknown[]) =>
    () =>
      deciderSpec(calendarsDecider)
        .given()
        .when(new PublishCalendars({ calendars: calendars as never }, metadata)).events

  it('are published', () => {
    expect(publish(office)()).toEqual([
      { type: 'CalendarsPublished', data: { version: 1, calendars: [office] } },
    ])
  })

  it('are refused with every field that makes no sense', () => {
    const wrong = {
      name: 'Office',
      zone: 'Europe/Nowhere',
      hours: [
        { day: 'XX', from: '9:00', to: '24:01' },
        { day: 'MO', from: '22:00', to: '06:00' },
      ],
      holidays: [
        { date: '2026-02-29', name: ' ' },
        { date: '13-01', name: 'x' },
      ],
    }
    expect(refusal(publish(office, wrong))).toEqual([
      'SETTINGS.CALENDARS_MALFORMED',
      '/calendars/1/name',
      '/calendars/1/zone',
      '/calendars/1/hours/0/day',
      '/calendars/1/hours/0/from',
      '/calendars/1/hours/0/to',
      '/calendars/1/hours/1/to',
      '/calendars/1/holidays/0/date',
      '/calendars/1/holidays/0/name',
      '/calendars/1/holidays/1/date',
    ])
  })
})

describe('maintenance and blackout windows', () => {
  const weekly: TimeWindow = {
    kind: 'recurring',
    zone: 'Europe/Berlin',
    frequency: 'weekly',
    byDay: ['SU'],
    firstDay: '2026-01-01',
    from: '02:00',
    minutes: 240,
  }
  const sunday: CiWindow = { name: 'Sunday', appliesTo: { classes: ['server'] }, window: weekly }
  const windows = (...windows: unknown[]) => ({ windows: windows as readonly CiWindow[] })
  const maintenance =
    (...all: unknown[]) =>
    () =>
      deciderSpec(maintenanceWindowsDecider)
        .given()
        .when(new PublishMaintenanceWindows(windows(...all), metadata)).events
  const withWindow = (window: object) => maintenance({ ...sunday, window })

  it('are published', () => {
    expect(maintenance(sunday)()).toHaveLength(1)
    const freeze = {
      ...sunday,
      window: { kind: 'single', start: '2026-12-18T17:00:00Z', end: '2027-01-04T07:00:00Z' },
    }
    const command = new PublishBlackoutWindows(windows(freeze), metadata)
    deciderSpec(blackoutWindowsDecider).given().when(command).thenTypes('BlackoutWindowsPublished')
  })

  it.each<[string, object, string[]]>([
    [
      'the end first',
      { kind: 'single', start: '2027-01-01T00:00:00Z', end: '2026-01-01T00:00:00Z' },
      ['end'],
    ],
    ['no time', { kind: 'single', start: 'soon', end: '2026-01-01T00:00:00Z' }, ['start']],
    ['a field of the other kind', { kind: 'single', start: 'x', end: 'y', zone: 'UTC' }, ['zone']],
    [
      'fields that are missing',
      { kind: 'recurring', zone: 'UTC', frequency: 'weekly', from: '02:00' },
      ['firstDay', 'minutes'],
    ],
    ['no day', { ...weekly, byDay: [] }, ['byDay']],
    ['a placed weekday every week', { ...weekly, byDay: ['2SU'] }, ['byDay/0']],
    ['a day of the month every week', { ...weekly, byMonthDay: [1] }, ['byMonthDay']],
    [
      'a weekday without a place every month',
      { ...weekly, frequency: 'monthly', byDay: ['SU', '6MO'] },
      ['byDay/0', 'byDay/1'],
    ],
    [
      'no such day',
      { ...weekly, frequency: 'monthly', byDay: [], byMonthDay: [0, 32] },
      ['byMonthDay/0', 'byMonthDay/1'],
    ],
    [
      'all else',
      { ...weekly, zone: 'X', interval: 0, from: '24:00', minutes: 50_000, firstDay: '2026-02-30' },
      ['zone', 'interval', 'from', 'minutes', 'firstDay'],
    ],
    ['a last day before the first', { ...weekly, lastDay: '2025-12-31' }, ['lastDay']],
  ])('refuse %s', (_, window, fields) => {
    expect(refusal(withWindow(window))).toEqual([
      'SETTINGS.MAINTENANCE_WINDOWS_MALFORMED',
      ...fields.map((field) => `/windows/0/window/${field}`),
    ])
  })

  it('refuse names that stand twice, and lists that are empty', () => {
    expect(refusal(maintenance(sunday, { ...sunday, appliesTo: { cis: [] } }))).toEqual([
      'SETTINGS.MAINTENANCE_WINDOWS_MALFORMED',
      '/windows/1/name',
      '/windows/1/appliesTo/cis',
    ])
  })

  it('are for items by number, for classes with those below them, or for all', () => {
    const server = { number: 'CI0000001', classes: ['linux server', 'server'] }
    const fits = (target: CiWindow['appliesTo']) => appliesTo({ ...sunday, appliesTo: target }, server)
    expect(fits({})).toBe(true)
    expect(fits({ classes: ['server'] })).toBe(true)
    expect(fits({ cis: ['CI0000002'], classes: ['server'] })).toBe(true)
    expect(fits({ cis: ['CI0000001'] })).toBe(true)
    expect(fits({ cis: ['CI0000002'] })).toBe(false)
    expect(fits({ classes: ['printer'] })).toBe(false)
  })
})

describe('approval policies', () => {
  const policy: ApprovalPolicy = {
    name: 'Risky',
    subjectType: 'change',
    when: { changeTypes: ['normal'], risks: ['high'] },
    rule: { kind: 'n-of-m', n: 2 },
    approvers: [
      { kind: 'group', group: 'CAB' },
      { kind: 'person', person: 'lead' },
    ],
    expiresAfterHours: 72,
    selfApproval: 'refused',
    materialFields: ['window'],
  }
  const story = deciderSpec(approvalPoliciesDecider)
    .given()
    .and('group-CAB', { type: 'GroupRegistered', data: { name: 'CAB' } })
    .and('person-lead', { type: 'PersonRegistered', data: { kind: 'person', name: 'Lea' } })
  const publish =
    (...policies: unknown[]) =>
    () =>
      story.when(new PublishApprovalPolicies({ policies: policies as never }, metadata)).events

  it('are published, the default too', () => {
    expect(publish(policy)()).toHaveLength(1)
    expect(publish(...DEFAULT_APPROVAL_POLICIES)()).toHaveLength(1)
  })

  it('are refused with every field that makes no sense', () => {
    const wrong = {
      ...policy,
      when: { risks: [] },
      rule: { kind: 'any', n: 1 },
      approvers: [
        { kind: 'person' },
        { kind: 'group', person: 'lead' },
        { kind: 'person', person: 'a', group: 'b' },
      ],
      expiresAfterHours: 0,
      materialFields: ['window', 'windows', 'window'],
    }
    expect(refusal(publish(policy, wrong))).toEqual([
      'SETTINGS.APPROVAL_POLICIES_MALFORMED',
      '/policies/1/name',
      '/policies/1/when/risks',
      '/policies/1/rule/n',
      '/policies/1/expiresAfterHours',
      '/policies/1/approvers/0/person',
      '/policies/1/approvers/1/person',
      '/policies/1/approvers/2/group',
      '/policies/1/materialFields/1',
      '/policies/1/materialFields/2',
    ])
  })

  it('are refused when so few people can’t meet the rule, and without approvers or fields', () => {
    const two = {
      ...policy,
      approvers: [
        { kind: 'person', person: 'lead' },
        { kind: 'person', person: 'lead' },
      ],
    }
    expect(refusal(publish(two))).toEqual(['SETTINGS.APPROVAL_POLICIES_MALFORMED', '/policies/0/rule/n'])
    expect(refusal(publish({ ...policy, approvers: [], rule: { kind: 'all' }, materialFields: [] }))).toEqual(
      ['SETTINGS.APPROVAL_POLICIES_MALFORMED', '/policies/0/approvers', '/policies/0/materialFields'],
    )
  })

  it('name only whom the directory knows', () => {
    const strangers = {
      ...policy,
      approvers: [
        { kind: 'group', group: 'none' },
        { kind: 'person', person: 'lead' },
      ],
    }
    expect(refusal(publish(strangers))).toEqual([
      'SETTINGS.APPROVER_UNKNOWN',
      '/policies/0/approvers/0/group',
    ])
  })

  it('the first that fits holds', () => {
    const emergency = { ...policy, name: 'Emergency', when: { changeTypes: ['emergency'] } }
    const rest = { ...policy, name: 'Rest', when: {} }
    const all = [policy, emergency, rest]
    const named = (changeType?: string, risk?: string) =>
      policyFor(all, { subjectType: 'change', changeType, risk })?.name
    expect([named('normal', 'high'), named('emergency', 'high'), named('normal', 'low'), named()]).toEqual([
      'Risky',
      'Emergency',
      'Rest',
      'Rest',
    ])
    expect(policyFor(all, { subjectType: 'request' })).toBeUndefined()
  })
})
