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
  const more = { ...seen, memberCount: 4, incidents: [...seen.incidents, 'INC0000003'] }
  const spec = deciderSpec(candidateDecider)
  const problemOpened: ProblemEvent = {
    type: 'ProblemOpened',
    data: { title: 'Printer is slow', affectedCis: [], origin: 'reactive' },
  }
  const accept = (data: CandidateAsSeen & { into?: string } = seen) =>
    new AcceptCandidate('INC0000001', data, commandMetadata())
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

  it('has become another one by an incident that is new, however many have left', () => {
    const other = { ...seen, incidents: ['INC0000001', 'INC0000003'] }
    const dismissed = spec.given({ type: 'ProblemCandidateDismissed', data: seen })
    dismissed.when(dismiss(other)).thenTypes('ProblemCandidateDismissed')
    dismissed.when(dismiss({ ...seen, memberCount: 2, incidents: ['INC0000001'] })).thenNothing()
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
    const canceled: ProblemEvent = { type: 'ProblemCanceled', data: { from: 'New', notes: 'None' } }
    const goingOn = ['problem-PRB0000001', problemOpened] as const
    const over = ['problem-PRB0000001', problemOpened, canceled] as const

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
      story.when(accept({ ...became, incidents: seen.incidents })).thenNothing()
      const again = spec.given(accepted, { type: 'ProblemCandidateAccepted', data: became }).and(...over)
      again.when(accept({ ...became, incidents: ['INC0000009'] })).thenNothing()
    })

    it('names that one also when it is over, and not one that would be opened', () => {
      const story = spec.given(accepted).and(...over)
      const refused = () => story.when(dismiss({ ...became, incidents: seen.incidents })).events
      expect(refused).toThrow('PRB0000001 is behind it')
      // While the next one is opened (counter-proof)
      const again = spec.given(accepted, { type: 'ProblemCandidateAccepted', data: became }).and(...over)
      expect(() => again.when(dismiss(became)).events).toThrow('a problem is being opened for it')
    })
  })
  describe('that is accepted into a problem which is there already', () => {
    const into = 'PRB0000007'
    const accepted = { type: 'ProblemCandidateAccepted', data: { ...seen, into } } as const
    const known = (number: string, ...events: ProblemEvent[]) =>
      [`problem-${number}`, problemOpened, ...events] as const
    const dismissed = { type: 'ProblemCandidateDismissed', data: seen } as const

    it('says into which, also after it was dismissed', () => {
      for (const story of [spec.given(), spec.given(dismissed)])
        story
          .and(...known(into))
          .when(accept({ ...seen, into }))
          .thenEvents(accepted)
    })

    it('is accepted once', () => {
      const story = spec.given(accepted).and(...known(into))
      story.when(accept({ ...more, into })).thenTypes('ProblemCandidateAccepted')
      story.when(accept({ ...seen, into })).thenNothing()
      story.when(accept(more)).thenNothing()
      story.when(accept({ ...seen, problem: into, into })).thenNothing()
      story.when(dismiss()).thenRefused('CANDIDATE.ACCEPTED')
    })

    it('takes those that joined since into the problem that it has become', () => {
      const grown = { ...more, incidents: ['INC0000003'], problem: into, into }
      for (const before of [accepted, { type: 'ProblemCandidateAccepted', data: seen } as const]) {
        const story = spec.given(before).and(...known(into))
        story.when(accept(grown)).thenEvents({ type: 'ProblemCandidateAccepted', data: grown })
        story.when(accept({ ...grown, incidents: [] })).thenNothing()
      }
    })

    it('is not accepted into another one than that which it has become, or is becoming', () => {
      const other = 'PRB0000008'
      const story = spec.given(accepted).and(...known(other))
      story.when(accept({ ...more, into: other })).thenRefused('CANDIDATE.ACCEPTED')
      story
        .and(...known(into))
        .when(accept({ ...more, problem: into, into: other }))
        .thenRefused('CANDIDATE.ACCEPTED')
      spec
        .given({ type: 'ProblemCandidateAccepted', data: seen })
        .and(...known(other))
        .when(accept({ ...more, into: other }))
        .thenRefused('CANDIDATE.ACCEPTED')
    })

    it('may become another one once that is over and it has grown', () => {
      const over = known(into, { type: 'ProblemClosed', data: {} })
      const story = spec.given(accepted).and(...over)
      story.when(accept({ ...more, problem: into })).thenTypes('ProblemCandidateAccepted')
      story.when(accept({ ...seen, problem: into })).thenNothing()
      story.when(dismiss({ ...more, problem: into })).thenTypes('ProblemCandidateDismissed')
    })

    it('needs one that is there, and still is a problem', () => {
      spec
        .given()
        .when(accept({ ...seen, into }))
        .thenRefused('CANDIDATE.PROBLEM_UNKNOWN')
      const ends: [ProblemEvent, string][] = [
        [{ type: 'ProblemCanceled', data: { from: 'New', notes: 'None' } }, 'PROBLEM.CANCELED'],
        [
          { type: 'ProblemMarkedDuplicate', data: { from: 'New', survivor: 'PRB0000001', notes: null } },
          'PROBLEM.DUPLICATE',
        ],
      ]
      for (const [end, code] of ends)
        spec
          .given()
          .and(...known(into, end))
          .when(accept({ ...seen, into }))
          .thenRefused(code)
    })
  })
})
