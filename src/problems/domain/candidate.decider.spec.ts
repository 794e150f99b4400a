import { commandMetadata, deciderSpec } from '#libs/testing'
import { AcceptCandidate, DismissCandidate } from './candidate.commands.js'
import { candidateDecider } from './candidate.decider.js'
import type { CandidateAsSeen } from './candidate.events.js'
import type { ProblemEvent } from './problem.events.js'

describe('A candidate', () => {
  const seen: CandidateAsSeen = {
    title: 'Printer is slow',
    score: 7,
    memberCount: 3,
    incidents: ['INC0000001', 'INC0000002'],
  }
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

  describe('that has become a problem', () => {
    const became = { ...more, problem: 'PRB0000001' }
    const accepted = { type: 'ProblemCandidateAccepted', data: seen } as const
    const opened: ProblemEvent = {
      type: 'ProblemOpened',
      data: { title: 'Printer is slow', affectedCis: [], origin: 'reactive' },
    }
    const canceled: ProblemEvent = { type: 'ProblemCanceled', data: { from: 'New', notes: 'None' } }
    const goingOn = ['problem-PRB0000001', opened] as const
    const over = ['problem-PRB0000001', opened, canceled] as const

    it('needs no other one while that goes on, whoever opened it', () => {
      for (const story of [spec.given(accepted), spec.given()]) {
        story
          .and(...goingOn)
          .when(accept(became))
          .thenNothing()
        story
          .and(...goingOn)
          .when(dismiss(became))
          .thenRefused('CANDIDATE.ACCEPTED')
      }
    })

    it('may become another one once that is over and it has grown, and only one', () => {
      const story = spec.given(accepted).and(...over)
      story.when(accept(became)).thenEvents({ type: 'ProblemCandidateAccepted', data: became })
      story.when(dismiss(became)).thenTypes('ProblemCandidateDismissed')
      story.when(accept({ ...became, memberCount: seen.memberCount })).thenNothing()
      const again = spec.given(accepted, { type: 'ProblemCandidateAccepted', data: became }).and(...over)
      again.when(accept({ ...became, memberCount: 9 })).thenNothing()
    })
  })
})
