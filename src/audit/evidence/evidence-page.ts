import { canonicalJson } from '#libs/event-sourcing'
import type { ApprovalBasis } from '../../changes/domain/change.events.js'
import { attachmentsSection } from './attachments-section.js'
import type { Evidence, EvidenceRound } from './evidence.js'
import type { EvidenceFile } from './evidence-files.js'
import { type Html, html, lines, list, section, table, text } from './html.js'

const STYLE = `
body { font: 14px/1.45 system-ui, sans-serif; color: #1b1b1b; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: .2rem } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #999 }
h3 { font-size: 1rem; margin-bottom: .3rem } table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #ddd; overflow-wrap: anywhere }
th { font-weight: 600; background: #f4f4f4; overflow-wrap: normal } .facts th { width: 13rem } code { font-size: .85em; overflow-wrap: anywhere }
.wrong { color: #a00; font-weight: 600 } .quiet { color: #666 }
@media print { body { margin: 0; max-width: none } h2 { break-after: avoid } tr { break-inside: avoid } }
`

/** The evidence as a page that needs nothing else: it opens offline, and prints. */
export function evidencePage(evidence: Evidence, files: readonly EvidenceFile[]): string {
  const { change, position, state } = evidence
  const body = lines(
    html`<h1>${change}: ${state.title}</h1>`,
    html`<p class="quiet">Everything that the log says of this change up to position ${position}. Times are UTC. People, groups and configuration items are named by id.</p>`,
    section('The change', theChange(evidence)),
    section('What was approved, and by whom', approvals(evidence)),
    section('Advice of the board', advice(evidence)),
    section('Conflicts', conflicts(evidence)),
    section('Implementation', implementation(evidence)),
    section('Configuration items, before and after', modifications(evidence)),
    section('Review', review(evidence)),
    section('Attachments', attachmentsSection(files)),
    section('Findings of the audit', findings(evidence)),
    section('Every event, as recorded', events(evidence)),
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(`Evidence of ${change}`)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`
}

function theChange({ state }: Evidence): Html {
  const { type, requester, assignmentGroup, assignee, risk, window, affectedCis, reverts } = state
  return facts({
    State: state.state,
    Type: type,
    Requester: requester,
    Group: assignmentGroup,
    Assignee: assignee,
    Risk: risk,
    Window: window && `${window.start} to ${window.end}`,
    'Affected items': affectedCis.join(', '),
    Reverts: reverts,
    Opened: state.openedAt,
    Model: state.model && `${state.model.id}, revision ${state.model.revision}`,
    Authorisation: state.authorisation,
  })
}

function approvals({ rounds, model, state }: Evidence): Html {
  if (model) {
    const { document, hash, computedHash, revision, at } = model
    return lines(
      html`<p>By the approval of the model ${model.model}, revision ${revision}, at ${at}.</p>`,
      digest(hash, computedHash),
      planTable(document.plan),
    )
  }
  if (rounds.length === 0) {
    return isCommit(state)
      ? html`<p>Not assessable: its source tells of what was done, and not of who allowed it.</p>`
      : html`<p>Approval was never asked.</p>`
  }
  return lines(...rounds.map(round))
}

const UNANSWERED: Readonly<Record<NonNullable<EvidenceRound['because']>, string>> = {
  'no-policy': 'It ended unasked: no approval policy was in force for it.',
  'too-few-approvers': 'It ended unasked: fewer people could be asked than must grant it.',
  'seats-lost':
    'It ended undecided: of those who were asked too many lost what they were asked for. Others were asked instead.',
}

function round(one: EvidenceRound): Html {
  const {
    purpose,
    askedAt,
    policy,
    policyVersion,
    outcome = 'open',
    because,
    voidedBy,
    document,
    leftOut,
    approvers,
  } = one
  return lines(
    html`<h3>Round ${one.round} (${purpose}), asked at ${askedAt}: ${outcome}</h3>`,
    because ? html`<p class="wrong">${UNANSWERED[because]}</p>` : html``,
    voidedBy ? html`<p class="wrong">Voided later by an edit of ${voidedBy.join(', ')}.</p>` : html``,
    facts({
      Approval: one.approval,
      Policy: `${policy}, version ${policyVersion}`,
      'Material fields': one.materialFields.join(', '),
      Asked: approvers
        .map(({ person, via, group }) => `${person} (${via}${group ? ` ${group}` : ''})`)
        .join(', '),
      'Lost their seats': one.lostSeats
        .map(({ person, because, at }) => `${person} (${because}, ${at})`)
        .join(', '),
      'Not asked': leftOut.map(({ person, because }) => `${person} (${because})`).join(', '),
    }),
    digest(one.hash, one.computedHash),
    table(
      ['When', 'Who', 'Said', 'Roles held then, and the events that granted them', 'Comment'],
      one.answers.map(({ at, approver, onBehalfOf, delegation, answer, roles, comment, breach }) => [
        at,
        onBehalfOf ? `${approver} for ${onBehalfOf} (delegation ${delegation})` : approver,
        breach ? `${answer} (${breach})` : answer,
        roles.map(({ role, grant }) => `${role} (${grant})`).join(', ') || 'none',
        comment,
      ]),
      'Nobody answered.',
    ),
    html`<h3>The plan that round ${one.round} was about</h3>`,
    planTable(document.plan),
    table(
      ['Conflict shown', 'Item', 'With', 'Time'],
      document.conflicts.map(({ kind, ci, relatedCi, assignee, change, window, period }) => [
        kind,
        ci,
        change ?? window ?? relatedCi ?? assignee,
        `${period.start} to ${period.end}`,
      ]),
      'No conflict was shown.',
    ),
  )
}

function digest(hash: string, computed: string): Html {
  return hash === computed
    ? html`<p>SHA-256 of the plan’s canonical JSON (RFC 8785): <code>${hash}</code>, computed again: the same.</p>`
    : html`<p class="wrong">SHA-256 told: <code>${hash}</code>, but computed again: <code>${computed}</code></p>`
}

function planTable(plan: Readonly<Record<string, unknown>>): Html {
  return facts(
    Object.fromEntries(
      Object.entries(plan).map(([field, value]) => [
        field,
        typeof value === 'string' ? value : canonicalJson(value),
      ]),
    ),
  )
}

function advice({ board }: Evidence): Html {
  return table(
    ['When', 'Meeting', 'Advice', 'By', 'Comment'],
    board.map(({ at, meeting, advice: said, by, comment }) => [at, meeting, said, by, comment]),
    'No board advised on it.',
  )
}

function conflicts({ conflicts: found }: Evidence): Html {
  return table(
    ['When', 'Told', 'Kind', 'Item', 'With', 'Time', 'Versions of calendars'],
    found.map(({ at, told, conflict, inputs }) => [
      at,
      told,
      conflict.kind,
      conflict.ci,
      conflict.change ?? conflict.window ?? conflict.relatedCi ?? conflict.assignee,
      `${conflict.period.start} to ${conflict.period.end}`,
      `maintenance ${inputs.maintenanceVersion}, blackout ${inputs.blackoutVersion}`,
    ]),
    'None was found.',
  )
}

function basisInWords(basis: ApprovalBasis): string {
  if (basis.kind === 'approval') return `${basis.approval}, round ${basis.round}`
  const by = basis.approver === undefined ? '' : `, approved by ${basis.approver}`
  return `Model ${basis.model}, revision ${basis.revision}${by}`
}

function implementation({ implementation: done, state }: Evidence): Html {
  if (!done) return untold(state)
  const { basis } = done
  return lines(
    facts({
      Implementer: done.implementer,
      Started: done.startedAt,
      Ended: done.endedAt,
      Outcome: done.outcome,
      Notes: done.notes,
      'By the approval': basis && basisInWords(basis),
      'Before approval; to be ratified by': done.ratifyBy,
      Ratification: state.ratification,
      'Duties in one hand': done.breaches.map(({ rule, person }) => `${rule} (${person})`).join(', '),
    }),
    table(
      ['When', 'Otherwise than planned', 'Fields', 'By'],
      (state.deviations ?? []).map(({ at, description, fields, by }) => [
        at,
        description,
        fields.join(', '),
        by,
      ]),
      'Nothing was done otherwise than planned, as far as was recorded.',
    ),
  )
}

/** Of an implementation that nobody recorded here. */
function untold(state: Evidence['state']): Html {
  if (isCommit(state))
    return html`<p>Its source tells of it as done at ${state.closedAt ?? state.openedAt}, and not by whom.</p>`
  if (state.startedAt === undefined) return html`<p>It was not implemented.</p>`
  return lines(
    html`<p>Its source tells of it, and not by whom it was done.</p>`,
    facts({ Started: state.startedAt, Ended: state.endedAt, Outcome: state.outcome }),
  )
}

function isCommit({ type }: Evidence['state']): boolean {
  return type === 'configuration-commit'
}

function modifications({ modifications: made, modificationsTruncated, state }: Evidence): Html {
  const isOfSource = isCommit(state)
  if (isOfSource && made.length === 0) {
    return html`<p>What a commit of a source did is not listed here: see the difference of the configuration before and after it.</p>`
  }
  return lines(
    isOfSource
      ? html`<p class="wrong">Items were changed here under its number, which nobody approved. What the source itself did to others is not listed.</p>`
      : html``,
    table(
      ['When', 'Item', 'Attribute', 'Before', 'After', 'By', 'Event'],
      made.map(({ at, until, ci, attribute, before, after, actor, event }) => [
        until === undefined ? at : `${at} to ${until}`,
        ci,
        attribute,
        before === undefined ? '(not told)' : canonicalJson(before),
        canonicalJson(after),
        actor,
        event,
      ]),
      'No item was changed under the number of this change.',
    ),
    modificationsTruncated && !isOfSource
      ? html`<p class="wrong">More items bear its number than are listed here.</p>`
      : html``,
  )
}

function review({ review: said }: Evidence): Html {
  if (!said) return html`<p>It was not reviewed.</p>`
  return facts({
    'Objectives met': said.objectivesMet ? 'yes' : 'no',
    Conclusion: said.conclusion,
    Lessons: said.lessons,
    By: said.by,
    At: said.at,
  })
}

function findings({ findings: found }: Evidence): Html {
  return table(
    ['When', 'Question', 'Standing', 'Persons', 'Details', 'Disposition'],
    found.map(({ at, question, standing, persons, details, disposition, reviewer, comment }) => [
      at,
      question,
      standing ? 'yes' : 'put right',
      persons.join(', '),
      details.join('; '),
      disposition && `${disposition}, by ${reviewer}: ${comment}`,
    ]),
    'None.',
  )
}

function events({ events: all }: Evidence): Html {
  return lines(
    html`<p>Everything above was read from these events; <code>events.json</code> has them whole.</p>`,
    table(
      ['Position', 'Event', 'Happened', 'Recorded', 'By', 'Reason', 'Id'],
      all.map(({ position, stream, revision, type, metadata, id }) => [
        position,
        `${type} (${stream}, ${revision})`,
        metadata.occurredAt,
        metadata.recordedAt,
        metadata.attributedTo
          ? `${metadata.actor}, for the source’s ${metadata.attributedTo}`
          : metadata.actor,
        metadata.reason,
        id,
      ]),
    ),
  )
}

/** Two columns; what is absent is left out. */
function facts(values: Readonly<Record<string, string | undefined>>): Html {
  return list(Object.entries(values).filter((fact): fact is [string, string] => !!fact[1]))
}
