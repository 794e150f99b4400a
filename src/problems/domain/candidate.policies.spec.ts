import type { RecordedEvent } from '#libs/event-sourcing'
import { policySpec, recorded } from '#libs/testing'
import type { CandidateEvent } from './candidate.events.js'
import { openAcceptedProblems } from './candidate.policies.js'

const STREAM = 'candidate-INC0000001'
const seen = { title: 'Printer is slow', score: 7, memberCount: 2, incidents: ['INC0000001', 'INC0000002'] }
const decided = (type: CandidateEvent['type'], more: object = {}) =>
  recorded(STREAM, [{ type, data: { ...seen, ...more } }])[0] as RecordedEvent<CandidateEvent>

describe('problem_open_accepted', () => {
  const when = (event: RecordedEvent<CandidateEvent>) => policySpec(openAcceptedProblems).given().when(event)

  const reasonOf = (event: RecordedEvent<CandidateEvent>) => {
    const [reaction] = openAcceptedProblems.react(event, {})
    return reaction?.kind === 'command' ? reaction.reason : undefined
  }

  it('opens a problem with the incidents of a candidate that was accepted', () => {
    const { title, incidents } = seen
    when(decided('ProblemCandidateAccepted')).thenCommands({
      type: 'OpenProblem',
      id: undefined,
      data: { title, candidate: 'INC0000001', incidents },
    })
  })

  it('describes it by what the incidents have in common, and says so', () => {
    const common = { category: 'Print', affectedCis: ['CI0000001'], impact: 1, urgency: 2 }
    const accepted = decided('ProblemCandidateAccepted', { common })
    const { commands } = when(accepted)
    expect(commands[0]?.data).toMatchObject({ title: 'Printer is slow', ...common })
    expect(reasonOf(accepted)).toContain('what its incidents have in common')
    // Of a decision that tells of none (counter-proof)
    expect(reasonOf(decided('ProblemCandidateAccepted'))).not.toContain('in common')
  })

  it.each(['', ' ', 'INC0000001'])('gives it a title where the incident has none: "%s"', (title) => {
    const [command] = when(decided('ProblemCandidateAccepted', { title })).commands
    expect(command?.data).toMatchObject({ title: 'Incidents like INC0000001' })
  })

  it('opens none for one that was dismissed', () => {
    expect(openAcceptedProblems.key(decided('ProblemCandidateDismissed'))).toBeUndefined()
    expect(openAcceptedProblems.key(decided('ProblemCandidateAccepted'))).toBe(STREAM)
  })
})
