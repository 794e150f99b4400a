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

  it('opens a problem with the incidents of a candidate that was accepted', () => {
    const { title, incidents } = seen
    when(decided('ProblemCandidateAccepted')).thenCommands({
      type: 'OpenProblem',
      id: undefined,
      data: { title, candidate: 'INC0000001', incidents },
    })
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
