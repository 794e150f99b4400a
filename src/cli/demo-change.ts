import { untilTold } from './demo-wait.js'

/** Time that the change may take, from when the demo prints it. */
const WINDOW_HOURS = 8

/** What the demo knows of who acts and how the shell asks. */
export interface ChangeActors {
  /** The group that has the change; `approver` is its manager. */
  group: string
  requester: string
  approver: string
  implementer: string
  auditor: string
  /** A line to paste, that asks as one of these. */
  curl(who: string, rest: string): string
}

/**
 * Lines to paste that take a change through its approval: what was proposed is written to the item when it went well, and the evidence
 * of all of it is fetched.
 */
export function changeLines({
  group,
  requester,
  approver,
  implementer,
  auditor,
  curl,
}: ChangeActors): readonly string[] {
  const now = Date.now()
  const window = {
    start: new Date(now).toISOString(),
    end: new Date(now + WINDOW_HOURS * 3_600_000).toISOString(),
  }
  const post = (who: string, path: string, body: string) =>
    curl(who, `-H 'Content-Type: application/json' -d '${body}' $U/${path}`)
  const plan = {
    ...{ type: 'normal', title: 'More memory for the web server', group, window },
    ...{ implementation: 'Put it in', backout: 'Take it out', test: 'Count it' },
  }
  // The shell puts the item's number between the quotes
  const opening = `${JSON.stringify(plan).slice(0, -1)},"affectedCis":["'$I'"],"proposedValues":[{"ci":"'$I'","attributes":{"ramGigabytes":128}}]}`
  const server = `{"class":"server","name":"demo-web-'$RANDOM'","attributes":{"ramGigabytes":16}}`
  const asked = curl(approver, `-G $U/approvals --data-urlencode "filter=subject = '$K'"`)
  const item = curl(implementer, '$U/configuration-items/$I')
  return [
    `# A change: ${requester} asks for it, ${approver} approves the plan by its hash, ${implementer} does it; the item, and the evidence`,
    `I=$(${post(approver, 'configuration-items', server)} | ${firstOf('id')})`,
    `K=$(${post(requester, 'changes', opening)} | ${firstOf('id')})`,
    ...['assess', 'assess-risk', 'submit'].map((verb) => post(requester, `changes/$K/${verb}`, '{}')),
    // There may be others that wait for him
    untilTold(asked, '"hash"'),
    `A=$(${asked})`,
    post(
      approver,
      `approvals/$(printf '%s' "$A" | ${firstOf('id')})/grant`,
      `{"hash":"'$(printf '%s' "$A" | ${firstOf('hash')})'"}`,
    ),
    untilTold(curl(implementer, '$U/changes/$K'), '"state":"Scheduled"'),
    post(implementer, 'changes/$K/implement', '{}'),
    post(implementer, 'changes/$K/end-implementation', '{"outcome":"successful","notes":"It is in"}'),
    untilTold(item, '"ramGigabytes":128'),
    item,
    curl(auditor, '-o $K-evidence.zip $U/audit/changes/$K/evidence.zip; ls -l $K-evidence.zip'),
    '',
  ]
}

/** The first value of a field of an answer. */
function firstOf(field: string): string {
  return `sed -n 's/.*"${field}":"\\([^"]*\\)".*/\\1/p'`
}
