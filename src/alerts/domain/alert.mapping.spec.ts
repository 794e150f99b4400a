import fc from 'fast-check'
import { DEFAULT_ALERT_MAPPING, DEFAULT_PRIORITY_MATRIX } from '../../settings/domain/defaults.js'
import type { AlertRule, PriorityMatrix } from '../../settings/domain/settings.events.js'
import { cut, mapped, rendered } from './alert.mapping.js'

const alert = {
  key: 'disk',
  labels: { alertname: 'DiskFull', severity: 'critical', job: 'db', instance: 'db-1' },
  annotations: { summary: 'The disk\nof db-1 is full', description: 'Only 1 % is left.' },
  startsAt: '2026-01-05T08:55:00.000Z',
  firing: 1,
  truncated: 0,
}
const become = (rules: AlertRule[], changes: Partial<typeof alert> = {}, matrix = DEFAULT_PRIORITY_MATRIX) =>
  mapped({ ...DEFAULT_ALERT_MAPPING, rules }, { ...alert, ...changes }, matrix)

describe('the mapping of alerts', () => {
  it('by default makes levels of the severity, and texts of the annotations', () => {
    const { incident, rules } = mapped(DEFAULT_ALERT_MAPPING, alert, DEFAULT_PRIORITY_MATRIX)
    expect(incident).toMatchObject({
      title: 'The disk of db-1 is full',
      impact: 1,
      urgency: 1,
      primaryCi: 'db-1',
      service: undefined,
    })
    expect(incident.description).toMatch(/^Only 1 % is left\.\n\nLabels: alertname=DiskFull,/)
    expect(rules).toEqual(['severity critical', 'every alert'])
  })

  it('takes for each field the first rule that fits and says it', () => {
    const { incident, rules } = become([
      { name: 'mail', when: [{ label: 'job', equals: 'mail' }], group: 'Mail' },
      { name: 'db', when: [{ label: 'instance', matches: 'db-[0-9]+' }], group: 'Databases' },
      { name: 'unheard', when: [], group: 'Nobody' },
      { name: 'rest', when: [{ label: 'absent', equals: '' }], category: 'From {{labels.job}}' },
    ])
    expect(incident).toMatchObject({ group: 'Databases', category: 'From db', title: 'DiskFull' })
    expect(rules).toEqual(['db', 'rest'])
  })

  it('matches whole values', () => {
    const by = (matches: string) =>
      become([{ name: 'x', when: [{ label: 'instance', matches }], group: 'G' }])
    expect(by('db').incident.group).toBeUndefined()
    expect(by('db|db-1').incident.group).toBe('G')
  })

  it('says what the sender left out', () => {
    const { incident } = become([], { firing: 12, truncated: 30 })
    expect(incident.description).toContain('12 alerts of the group fire.')
    expect(incident.description).toContain('The sender left out 30 more.')
  })

  it('has a title whatever there is', () => {
    expect(become([], { labels: {} as never }).incident.title).toBe('disk')
    expect(become([], { labels: {} as never, key: '\n' }).incident.title).toBe('Alert')
  })

  it('renders no template within a value, and knows no names but labels and annotations', () => {
    const values = { labels: { a: '{{labels.b}}', b: 'B' }, annotations: {} }
    expect(rendered('{{labels.a}} {{constructor.name}} {{labels.toString}}', values)).toBe('{{labels.b}}  ')
    expect(rendered('{{ annotations.x | labels.b }}', values)).toBe('B')
  })

  it('gives levels that the matrix in force has a priority for (law)', () => {
    const matrices = fc
      .record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 1, max: 4 }) })
      .chain(({ rows, columns }) => {
        const row = fc.array(fc.option(fc.constant(1)), { minLength: columns, maxLength: columns })
        return fc.array(row, { minLength: rows, maxLength: rows })
      })
      .filter((cells) => cells.flat().some((cell) => cell !== null))
      .map(
        (cells): PriorityMatrix => ({
          impacts: cells.map(String),
          urgencies: (cells[0] ?? []).map(String),
          priorities: ['one'],
          cells,
        }),
      )
    const level = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined })
    fc.assert(
      fc.property(matrices, level, level, (matrix, impact, urgency) => {
        const { incident } = become([{ name: 'x', when: [], impact, urgency }], {}, matrix)
        expect(matrix.cells[incident.impact! - 1]?.[incident.urgency! - 1]).toBe(1)
      }),
    )
  })

  it('cuts between characters', () => {
    expect(cut('ab🙂', 3)).toBe('ab')
    expect(cut('ab🙂', 4)).toBe('ab🙂')
  })
})
