import { commandMetadata, deciderSpec } from '#libs/testing'
import { AcceptCandidate, DismissCandidate } from './candidate.commands.js'
import { candidateDecider } from './candidate.decider.js'

describe('A candidate', () => {
  const seen = { title: 'Printer is slow', score: 7, memberCount: 3, incidents: ['INC0000001', 'INC0000002'] }
  const more = { ...seen, memberCount: 4 }
  const spec = deciderSpec(candidateDecider)
  const accept = (data = seen) => new AcceptCandidate('INC0000001', data, commandMetadata())
  const dismiss = (data = seen, reason: string | undefined = 'A planned outage') =>
    new DismissCandidate('INC0000001', data, commandMetadata({ reason }))

  it('is accepted, once', () => {
    spec.given().when(accept()).thenEvents({ type: 'ProblemCandidateAccepted', data: seen })
    spec.given({ type: 'ProblemCandidateAccepted', data: seen }).when(accept(more)).thenNothing()
  })

  it('is dismissed with a reason, and again only when it has become another one', () => {
    spec.given().when(dismiss()).thenEvents({ type: 'ProblemCandidateDismissed', data: seen })
    spec.given().when(dismiss(seen, ' ')).thenRefused('CANDIDATE.NO_REASON')
    const dismissed = spec.given({ type: 'ProblemCandidateDismissed', data: seen })
    dismissed.when(dismiss()).thenNothing()
    dismissed.when(dismiss(more)).thenTypes('ProblemCandidateDismissed')
    dismissed.when(accept()).thenTypes('ProblemCandidateAccepted')
  })

  it('that was accepted is dismissed no more', () => {
    spec
      .given({ type: 'ProblemCandidateAccepted', data: seen })
      .when(dismiss())
      .thenRefused('CANDIDATE.ACCEPTED')
  })
})
