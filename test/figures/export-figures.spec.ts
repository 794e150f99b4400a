import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ApplicationSupportRow,
  applicationSupport,
  type BankIncidentRow,
  bankIncidents,
  type HelpdeskActivity,
  helpdeskLog,
} from '../imports/export-forms.fixture.js'
import { applicationSupportFigures } from './application-support.figures.js'
import { bankFigures } from './bank-incidents.figures.js'
import { helpdeskFigures } from './helpdesk-log.figures.js'
import { Installation } from './running-server.js'
import { mean, quantile, tally } from './served-rows.js'

/**
 * Data sets that the project does not ship; say where they lie to have their published figures checked. Made-up files of
 * the same forms are always imported, and compared with a plain reading.
 */
const APPLICATION_SUPPORT = process.env.APPLICATION_SUPPORT_INCIDENTS ?? ''
const HELPDESK = process.env.HELPDESK_ACTIVITY_LOG ?? ''
const BANK = process.env.BANK_INCIDENTS ?? ''

jest.setTimeout(600_000)

/** Imports a file with the mapping of its form, twice, and serves it. */
class Imported {
  private constructor(
    readonly installation: Installation,
    readonly token: string,
    readonly summaries: readonly Record<string, number>[],
  ) {}

  static async from(mapping: string, file: string | readonly string[]): Promise<Imported> {
    const installation = await Installation.make()
    let path = file
    if (typeof path !== 'string') {
      path = join(installation.folder, 'made-up.csv')
      writeFileSync(path, `${(file as readonly string[]).join('\n')}\n`)
    }
    const args = ['import', path as string, '--mapping', mapping, '--json']
    const summaries = [0, 1].map(() => JSON.parse(installation.run(args)) as Record<string, number>)
    const roles = ['analyst', 'auditor']
    const token = installation.run(['token', 'create', '--person', 'ann', '--role', ...roles]).trim()
    await installation.serve()
    return new Imported(installation, token, summaries)
  }

  dispose(): Promise<void> {
    return this.installation.dispose()
  }
}

/** Means and the like are published with four decimals or so. */
function rounded<Figures>(figures: Figures, digits: number): Figures {
  return JSON.parse(JSON.stringify(figures), (_, value: unknown) =>
    typeof value === 'number' ? Number(value.toFixed(digits)) : value,
  )
}

const twice = (rows: number, records: number) => [
  expect.objectContaining({ rows, applied: rows, known: 0, rejected: 0, records }),
  expect.objectContaining({ rows, applied: 0, known: rows, rejected: 0, records: 0, events: 0 }),
]

describe('a made-up file of closed incidents, imported and served', () => {
  const pick = <Value>(n: number, values: readonly Value[]) => values[n % values.length]!
  const rows = Array.from(
    { length: 90 },
    (_, n): Required<Pick<ApplicationSupportRow, 'priority'>> & ApplicationSupportRow => ({
      // Every tenth row is equal to the one before.
      ...variety(n % 10 === 9 ? n - 1 : n),
    }),
  )
  function variety(n: number) {
    return {
      global_ttr_seconds: String((n * 7_919) % 400_000),
      appl_tier: pick(n, ['Gold', 'Silver', '']),
      priority: pick(n, ['Priority 2', 'Priority 3', 'Priority 4', 'Priority 4']),
      sla_stage: pick(n, ['Completed', 'Completed', 'Breached', 'Paused', 'Completed']),
      contact_type: pick(n, ['chat', 'phone']),
      inc_close_code: pick(n, ['Restart', 'Training, given']),
      csat_score: pick(n, ['', '', '5', '', '3']),
      inc_ka_flag: pick(n, ['1', '1', '0']),
      kcs_solution: pick(n, ['KB1', '', '']),
      reopened_flag: pick(n, ['0', '0', '0', '1']),
    }
  }
  let imported: Imported
  beforeAll(async () => {
    imported = await Imported.from('application-support-incidents', applicationSupport(...rows))
  })
  afterAll(() => imported.dispose())

  it('gives the figures of a plain reading', async () => {
    const days = rows.map(({ global_ttr_seconds }) => Number(global_ttr_seconds) / 86_400)
    const limit = quantile(days, 0.95)
    const usual = rows.filter((_, index) => days[index]! < limit)
    const breached = rows.filter(({ sla_stage }) => sla_stage === 'Breached')
    const verdicts: Record<string, string> = { Completed: 'kept', Breached: 'breached', Paused: 'no verdict' }
    const expected = {
      rows: rows.length,
      below95thPercentile: {
        priority: tally(usual, ({ priority }) => priority.at(-1)),
        tier: tally(usual, ({ appl_tier }) => appl_tier || 'missing'),
        contactType: tally(usual, ({ contact_type }) => contact_type),
        resolutionCode: tally(usual, ({ inc_close_code }) => inc_close_code),
      },
      serviceLevel: tally(rows, ({ sla_stage }) => verdicts[sla_stage!]),
      breachedByPriority: tally(breached, ({ priority }) => priority.at(-1)),
      reopened: rows.filter(({ reopened_flag }) => reopened_flag === '1').length,
      daysToResolve: { mean: mean(days), median: quantile(days, 0.5), max: Math.max(...days) },
      withArticle: rows.filter(({ kcs_solution }) => kcs_solution !== '').length,
      satisfaction: tally(
        rows.filter(({ csat_score }) => csat_score !== ''),
        ({ csat_score }) => csat_score,
      ),
    }
    const figures = await applicationSupportFigures(imported.installation, imported.token)
    expect(rounded(figures, 9)).toEqual(rounded(expected, 9))
  })

  it('imported again, it adds nothing', () => expect(imported.summaries).toEqual(twice(90, 90)))
})

describe('a made-up file of incidents with configuration items, imported and served', () => {
  const rows = Array.from({ length: 40 }, (_, n): BankIncidentRow & { openTime: string } => ({
    ciName: `CI ${n % 7}`,
    ciTypeSubtype: `type ${(n % 7) % 3}`,
    serviceComponent: `WBS ${(n % 7) + (n % 14 === 13 ? 1 : 0)}`,
    kmNumber: `KM ${n % 11}`,
    impact: String(1 + (n % 5)),
    priority: String(1 + ((n % 10 === 3 ? n + 1 : n) % 5)),
    openTime: `2026-02-0${1 + (n % 9)} 0${n % 10}:00:00`,
    closeTime: `2026-02-1${n % 10} 12:30:00`,
    reassignments: String(n % 4),
    reopened: String(n % 8 === 0 ? 1 : 0),
    relatedIncidents: String(n % 6 === 0 ? 2 : 0),
    relatedChanges: String(n % 5 === 0 ? 1 : 0),
    closureCode: n % 2 === 0 ? 'Software' : 'User error',
  }))
  let imported: Imported
  beforeAll(async () => {
    imported = await Imported.from('bank-incidents', bankIncidents(...rows))
  })
  afterAll(() => imported.dispose())

  it('gives the figures of a plain reading', async () => {
    const distinct = (key: keyof BankIncidentRow) => new Set(rows.map((row) => row[key])).size
    const above0 = (key: keyof BankIncidentRow) => rows.filter((row) => Number(row[key]) > 0).length
    const instant = (local: string) => Date.parse(`${local.replace(' ', 'T')}Z`)
    const hours = rows.map(
      ({ openTime, closeTime }) => (instant(closeTime as string) - instant(openTime)) / 3_600_000,
    )
    const { busiestItems, ...figures } = await bankFigures(imported.installation, imported.token)
    expect(rounded(figures, 9)).toEqual(
      rounded(
        {
          rows: 40,
          incidentsByPriority: tally(rows, ({ priority }) => priority),
          closureCodes: tally(rows, ({ closureCode }) => closureCode),
          configurationItems: 7,
          configurationItemTypes: 3,
          services: distinct('serviceComponent'),
          itemsOfSeveralServices: 1,
          articles: 11,
          priorityOtherThanImpact: rows.filter(({ priority, impact }) => priority !== impact).length,
          reopened: above0('reopened'),
          reassigned: above0('reassignments'),
          withRelatedChange: above0('relatedChanges'),
          withRelatedIncident: above0('relatedIncidents'),
          hoursToClose: { mean: mean(hours), median: quantile(hours, 0.5) },
        },
        9,
      ),
    )
    const byItem = tally(rows, ({ ciName }) => ciName)
    expect(Object.values(busiestItems)).toEqual([6, 6, 6])
    for (const [item, count] of Object.entries(busiestItems)) expect(byItem[item]).toBe(count)
  })

  it('imported again, it adds nothing', () => expect(imported.summaries).toEqual(twice(40, 40)))
})

describe('a made-up log of activities, imported and served', () => {
  const ACTIVITIES = [
    'Insert ticket',
    'Take in charge ticket',
    'Wait',
    'Wait',
    'Require upgrade',
    'Resolve ticket',
    'Closed',
  ]
  const activities = Array.from({ length: 12 }, (_, ticket) =>
    ACTIVITIES.filter((__, step) => step === 5 || (ticket + step) % 3 !== 0).map(
      (activity, step): HelpdeskActivity => ({
        ticket: `Case ${ticket}`,
        activity,
        resource: `R ${step % 4}`,
        // Some activities have the time of the one before.
        at: `2026/03/${String(10 + ticket).padStart(2, '0')} 1${Math.floor(step / 2)}:00:0${ticket % 5}`,
        seriousness: `S ${step > 2 ? 2 : 1}`,
        serviceLevel: `L ${ticket % 3}`,
      }),
    ),
  )
  let imported: Imported
  beforeAll(async () => {
    imported = await Imported.from('helpdesk-activity-log', helpdeskLog(...activities.flat()))
  })
  afterAll(() => imported.dispose())

  it('gives the figures of a plain reading', async () => {
    const all = activities.flat()
    const lasts = activities.map((ticket) => ticket.at(-1)!)
    const instant = ({ at }: HelpdeskActivity) => Date.parse(`${at.replaceAll('/', '-').replace(' ', 'T')}Z`)
    const days = activities.map((ticket) => (instant(ticket.at(-1)!) - instant(ticket[0]!)) / 86_400_000)
    const lengths = activities.map(({ length }) => length)
    const ticketsWith = (activity: string, atLeast: number) =>
      activities.filter((ticket) => ticket.filter((step) => step.activity === activity).length >= atLeast)
        .length
    const expected = {
      tickets: 12,
      events: all.length,
      activities: new Set(all.map(({ activity }) => activity)).size,
      eventsPerTicket: { mean: mean(lengths), max: Math.max(...lengths) },
      days: { first: '2026-03-10', last: '2026-03-21' },
      eventsByActivity: tally(all, ({ activity }) => activity),
      variants: new Set(activities.map((ticket) => ticket.map(({ activity }) => activity).join())).size,
      daysFirstToLast: {
        mean: mean(days),
        median: quantile(days, 0.5),
        min: Math.min(...days),
        max: Math.max(...days),
      },
      byLastActivity: tally(lasts, ({ activity }) => activity),
      resolvedMoreThanOnce: 0,
      withWait: ticketsWith('Wait', 1),
      withRequireUpgrade: ticketsWith('Require upgrade', 1),
      byLastServiceLevel: tally(lasts, ({ serviceLevel }) => serviceLevel),
      byLastSeriousness: tally(lasts, ({ seriousness }) => seriousness),
      byLastServiceType: { 'Type 3': 12 },
    }
    const figures = await helpdeskFigures(imported.installation, imported.token)
    expect(rounded(figures, 9)).toEqual(rounded(expected, 9))
  })

  it('imported again, it adds nothing', () =>
    expect(imported.summaries).toEqual(twice(activities.flat().length, 12)))
})

const expectedOf = (name: string) =>
  JSON.parse(readFileSync(join(__dirname, `../data/${name}-expected.json`), 'utf8'))

const describeApplicationSupport = existsSync(APPLICATION_SUPPORT) ? describe : describe.skip
describeApplicationSupport('the whole file of application-support incidents, imported and served', () => {
  const expected = expectedOf('application-support')
  let imported: Imported
  beforeAll(async () => {
    imported = await Imported.from('application-support-incidents', APPLICATION_SUPPORT)
  })
  afterAll(() => imported.dispose())

  it('gives every published figure', async () => {
    const { daysToResolve, ...counts } = await applicationSupportFigures(
      imported.installation,
      imported.token,
    )
    const { daysToResolve: days, ...expectedCounts } = expected
    expect(counts).toEqual(expectedCounts)
    expect(daysToResolve.mean).toBeCloseTo(days.mean, 5)
    expect(daysToResolve.median).toBeCloseTo(days.median, 4)
    expect(daysToResolve.max).toBeCloseTo(days.max, 4)
  })

  it('imported again, it adds nothing', () =>
    expect(imported.summaries).toEqual(twice(expected.rows, expected.rows)))
})

const describeHelpdesk = existsSync(HELPDESK) ? describe : describe.skip
describeHelpdesk('the whole file of the help desk’s activities, imported and served', () => {
  const expected = expectedOf('helpdesk-log')
  let imported: Imported
  beforeAll(async () => {
    imported = await Imported.from('helpdesk-activity-log', HELPDESK)
  })
  afterAll(() => imported.dispose())

  it('gives every published figure', async () => {
    const { daysFirstToLast, eventsPerTicket, ...counts } = await helpdeskFigures(
      imported.installation,
      imported.token,
    )
    const { daysFirstToLast: days, eventsPerTicket: perTicket, ...expectedCounts } = expected
    expect(counts).toEqual(expectedCounts)
    expect(eventsPerTicket.mean).toBeCloseTo(perTicket.mean, 2)
    expect(eventsPerTicket.max).toBe(perTicket.max)
    expect(daysFirstToLast.mean).toBeCloseTo(days.mean, 4)
    expect(daysFirstToLast.median).toBeCloseTo(days.median, 4)
    expect(daysFirstToLast.min).toBeCloseTo(days.min, 3)
    expect(daysFirstToLast.max).toBeCloseTo(days.max, 3)
  })

  it('imported again, it adds nothing', () =>
    expect(imported.summaries).toEqual(twice(expected.events, expected.tickets)))
})

const describeBank = existsSync(BANK) ? describe : describe.skip
describeBank('the whole file of incidents with configuration items, imported and served', () => {
  const expected = expectedOf('bank-incidents')
  let imported: Imported
  beforeAll(async () => {
    imported = await Imported.from('bank-incidents', BANK)
  })
  afterAll(() => imported.dispose())

  it('gives every figure', async () => {
    const figures = await bankFigures(imported.installation, imported.token)
    expect(rounded(figures, 6)).toEqual(expected)
  })

  it('imported again, it adds nothing', () =>
    expect(imported.summaries).toEqual(twice(expected.rows, expected.rows)))
})
