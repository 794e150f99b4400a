import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ProblemRow, problemLog, problemRow } from '../imports/export-forms.fixture.js'
import { problemFigures } from './problem-log.figures.js'
import { Installation } from './running-server.js'

/** The logs of closed and of open problems, which the project does not ship; say where they lie to have their figures checked. */
const CLOSED = process.env.CLOSED_PROBLEMS ?? ''
const OPEN = process.env.OPEN_PROBLEMS ?? ''
const expected = JSON.parse(readFileSync(join(__dirname, '../data/vinst-problems-expected.json'), 'utf8'))

jest.setTimeout(600_000)

/** A served instance into which logs are imported. */
class Desk {
  private constructor(
    readonly installation: Installation,
    private readonly token: string,
  ) {}

  static async open(): Promise<Desk> {
    const installation = await Installation.make()
    const token = installation
      .run(['token', 'create', '--person', 'ann', '--role', 'agent', 'auditor'])
      .trim()
    return new Desk(installation, token)
  }

  import(file: string): Record<string, number> {
    return JSON.parse(this.installation.run(['import', file, '--mapping', 'vinst-problems', '--json']))
  }

  figures() {
    return problemFigures(this.installation, this.token)
  }
}

describe('made-up logs of problems, imported and served', () => {
  const life = (number: string, ...states: string[]): ProblemRow[] =>
    states.map((state, n) => problemRow(number, `${10 + n} 10:00`, state, { Product: `PROD ${number}` }))
  const CLOSING = life('1-1', 'Awaiting Assignment', 'In Progress', 'Wait', 'Closed', 'In Progress', 'Closed')
  const GOING = [...life('1-2', 'In Progress', 'Wait'), ...life('1-3', 'Assigned')]
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open()
    const write = (name: string, content: Buffer) => {
      const path = join(desk.installation.folder, name)
      writeFileSync(path, content)
      return path
    }
    desk.import(write('open.csv', problemLog('open', ...CLOSING.slice(4), ...GOING)))
    desk.import(write('closed.csv', problemLog('closed', ...CLOSING)))
    await desk.installation.serve()
  })
  afterAll(() => desk.installation.dispose())

  it('gives the figures of a plain reading', async () => {
    expect(await desk.figures()).toEqual({
      problems: 3,
      externalIds: ['1-1', '1-2', '1-3'],
      late: 4,
      figures: {
        problems: 3,
        rows: 9,
        bySourceState: { Closed: 1, Wait: 1, Assigned: 1 },
        byState: { Closed: 1, 'On Hold': 1, Assess: 1 },
        rowsBySourceState: { 'Awaiting Assignment': 1, 'In Progress': 3, Wait: 2, Closed: 2, Assigned: 1 },
        impact: { Medium: 3 },
        // Of what happened before the first file only the rows are kept.
        wentOnAfterClosed: 0,
        products: 3,
        groups: 1,
      },
    })
  })
})

const describeWhole = existsSync(CLOSED) && existsSync(OPEN) ? describe : describe.skip
describeWhole('the whole logs, imported one after the other and served', () => {
  let closedFirst: Desk
  let openFirst: Desk
  beforeAll(async () => {
    closedFirst = await Desk.open()
    openFirst = await Desk.open()
    await closedFirst.installation.serve()
    await openFirst.installation.serve()
  })
  afterAll(async () => {
    await closedFirst.installation.dispose()
    await openFirst.installation.dispose()
  })

  it('gives every figure of the closed problems', async () => {
    const { problems, rows } = expected.closed
    expect(closedFirst.import(CLOSED)).toMatchObject({ rows, applied: rows, rejected: 0, records: problems })
    const told = await closedFirst.figures()
    expect(told.problems).toBe(problems)
    expect(told.figures).toEqual(expected.closed)
  })

  it('gives every figure of the open problems', async () => {
    const { problems, rows } = expected.open
    expect(openFirst.import(OPEN)).toMatchObject({ rows, applied: rows, rejected: 0, records: problems })
    const told = await openFirst.figures()
    expect(told.problems).toBe(problems)
    expect(told.figures).toEqual(expected.open)
  })

  it('gives every figure of both in one instance, no row twice', async () => {
    const { rows } = expected.open
    const known = expected.rowsInBoth
    expect(closedFirst.import(OPEN)).toMatchObject({ rows, known, applied: rows - known, rejected: 0 })
    const told = await closedFirst.figures()
    expect(told.problems).toBe(expected.both.problems)
    expect(told.figures).toEqual(expected.both)
    expect(told.late).toBe(0)
  })

  it('ends them likewise when the open ones came first', async () => {
    const { rows } = expected.closed
    const known = expected.rowsInBoth
    expect(openFirst.import(CLOSED)).toMatchObject({ rows, known, applied: rows - known, rejected: 0 })
    const { figures, externalIds, late } = await openFirst.figures()
    const { wentOnAfterClosed: _, groups: __, ...ends } = expected.both
    expect(figures).toMatchObject(ends)
    expect(late).toBe(expected.lateRowsWhenOpenComesFirst)
    expect(externalIds).toEqual((await closedFirst.figures()).externalIds)
  })

  it('imported again, they add nothing', () => {
    for (const file of [CLOSED, OPEN])
      expect(closedFirst.import(file)).toMatchObject({ applied: 0, rejected: 0, events: 0 })
  })
})
