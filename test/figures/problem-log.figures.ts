import type { Installation } from './running-server.js'
import { linesOf, type ServedEvent, tally } from './served-rows.js'

/** What figures read of one problem; `GET /problems` has more. */
interface Problem {
  number: string
  state: string
  hold?: object
  assignmentGroup?: string
  affectedCis?: string[]
  source?: { externalId: string; fields: Record<string, string> }
}

async function problemsOf(installation: Installation, token: string): Promise<Problem[]> {
  const problems: Problem[] = []
  for (let page: string | undefined = ''; page !== undefined; ) {
    const response = await installation.get(`/problems?pageSize=200${page}`, token)
    const { items, nextPageToken } = (await response.json()) as { items: Problem[]; nextPageToken?: string }
    problems.push(...items)
    page = nextPageToken && `&pageToken=${encodeURIComponent(nextPageToken)}`
  }
  return problems
}

/** All events of problems, in the order of the log. */
function eventsOf(installation: Installation): ServedEvent[] {
  return linesOf<ServedEvent>(installation.run(['events', 'export', '--stream', 'problem-']))
}

type Told = {
  sourceFields?: Record<string, string>
  late?: Record<string, string>
  from?: string
  to?: string
}

/** The figures of logs of problems, as a running server and the log give them. */
export async function problemFigures(installation: Installation, token: string) {
  const problems = await problemsOf(installation, token)
  const rows = new Map<string, string>()
  const groups = new Set<string>()
  const states = new Map<string, string>()
  let wentOnAfterClosed = 0
  let late = 0
  for (const { subject, commandid = '', type, data } of eventsOf(installation)) {
    const told = data as Told & { group?: string }
    if (told.late !== undefined) late++
    if (!rows.has(commandid)) {
      // A row's first event carries what differs from the row before; a late row all that it says.
      const state = told.late?.state ?? told.sourceFields?.state ?? states.get(subject) ?? ''
      if (told.late === undefined) states.set(subject, state)
      rows.set(commandid, state)
    }
    if (told.group) groups.add(told.group)
    if (type.includes('.ProblemStateObserved.') && told.from === 'Closed' && told.to !== 'Closed')
      wentOnAfterClosed++
  }
  return {
    problems: problems.length,
    externalIds: problems.map(({ source }) => source!.externalId).sort(),
    late,
    figures: {
      problems: new Set(problems.map(({ source }) => source!.externalId)).size,
      rows: rows.size,
      bySourceState: tally(problems, ({ source }) => source!.fields.state),
      byState: tally(problems, ({ state, hold }) => (hold === undefined ? state : 'On Hold')),
      rowsBySourceState: tally(rows.values(), (state) => state),
      impact: tally(problems, ({ source }) => source!.fields['Problem Latest Impact']),
      wentOnAfterClosed,
      products: new Set(problems.flatMap(({ affectedCis = [] }) => affectedCis)).size,
      groups: groups.size,
    },
  }
}
