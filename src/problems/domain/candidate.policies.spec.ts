import type { RecordedEvent } from '#libs/event-sourcing'
import { policySpec, recorded } from '#libs/testing'
import type { CandidateEvent } from './candidate.events.js'
import { openAcceptedProblems } from './candidate.policies.js'
import type { ProblemEvent, ProblemIncidentsLeftOut } from './problem.events.js'

const STREAM = 'candidate-INC0000001'
const seen = { title: 'Printer is slow', score: 7, memberCount: 2, incidents: ['INC0000001', 'INC0000002'] }
const decided = (type: CandidateEvent['type'], more: object = {}) =>
  recorded(STREAM, [{ type, data: { ...seen, ...more } }])[0] as RecordedEvent<CandidateEvent>

describe('problem_open_accepted', () => {
  const when = (event: RecordedEvent<CandidateEvent>) => policySpec(openAcceptedProblems).given().when(event)

  const reasonOf = (event: RecordedEvent<CandidateEvent>) => {
    const [reaction] = openAcceptedProblems.react(event, openAcceptedProblems.initial)
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
  it('names them to the problem that it was accepted into, and opens none', () => {
    const into = 'PRB0000007'
    const accepted = decided('ProblemCandidateAccepted', { into, common: { category: 'Print' } })
    const { incidents } = seen
    when(accepted).thenCommands({
      type: 'LinkIncidents',
      id: into,
      data: { incidents, candidate: 'INC0000001' },
    })
    expect(reasonOf(accepted)).toBe('agnes accepted the candidate into it')
  })

  describe('of a candidate with many incidents', () => {
    const incidents = Array.from({ length: 450 }, (_, n) => `INC${String(n + 1).padStart(7, '0')}`)
    const [first, second, third] = [incidents.slice(0, 200), incidents.slice(200, 400), incidents.slice(400)]
    const candidate = 'INC0000001'
    const named = (numbers: readonly string[] = [], correlationId = 'story') =>
      recorded<ProblemEvent>(
        'problem-PRB0000001',
        [{ type: 'ProblemIncidentsNamed', data: { incidents: numbers, candidate } }],
        { correlationId },
      )[0] as RecordedEvent<ProblemEvent>
    const link = (numbers: readonly string[] = []) => ({
      type: 'LinkIncidents',
      id: 'PRB0000001',
      data: { incidents: numbers, candidate },
    })

    it.each([
      ['opens a problem with the first', {}, 'OpenProblem'],
      ['names the first to the one that it was accepted into', { into: 'PRB0000001' }, 'LinkIncidents'],
    ])('%s, and part by part the others, each once the one before is recorded', (_, more, type) => {
      const story = policySpec(openAcceptedProblems).given()
      const [begun] = story.when(decided('ProblemCandidateAccepted', { incidents, ...more })).commands
      expect(begun).toMatchObject({ type, data: { incidents: first } })
      story.when(named(first)).thenCommands(link(second))
      story.when(named(second)).thenCommands(link(third))
      story.when(named(third)).thenNothing()
      expect(story.state(STREAM)).toEqual(openAcceptedProblems.initial)
    })

    const leftOut = (numbers: readonly string[], reason: object) =>
      recorded<ProblemEvent>(
        'problem-PRB0000001',
        [
          {
            type: 'ProblemIncidentsLeftOut',
            data: { incidents: numbers, candidate, ...reason } as ProblemIncidentsLeftOut['data'],
          },
        ],
        { correlationId: 'story' },
      )[0] as RecordedEvent<ProblemEvent>

    it('goes on with those of a duplicate to its survivor', () => {
      const story = policySpec(openAcceptedProblems).given()
      story.when(decided('ProblemCandidateAccepted', { incidents, into: 'PRB0000001' }))
      story.when(named(first))
      const survivor = 'PRB0000002'
      const duplicate = leftOut(second, { because: 'duplicate', survivor })
      story.when(duplicate).thenCommands({ ...link(second), id: survivor })
      const bySurvivor = { ...named(second), stream: `problem-${survivor}` }
      story.when(bySurvivor).thenCommands({ ...link(third), id: survivor })
      story.when({ ...named(third), stream: `problem-${survivor}` }).thenNothing()
      expect(story.state(STREAM)).toEqual(openAcceptedProblems.initial)
    })

    it('has each part of a problem that was canceled left out, so that all are told', () => {
      const story = policySpec(openAcceptedProblems).given()
      story.when(decided('ProblemCandidateAccepted', { incidents }))
      story.when(named(first))
      story.when(leftOut(second, { because: 'canceled' })).thenCommands(link(third))
      story.when(leftOut(third, { because: 'canceled' })).thenNothing()
      expect(story.state(STREAM)).toEqual(openAcceptedProblems.initial)
    })

    it('takes what is named by something else for no part of it (counter-proof)', () => {
      const story = policySpec(openAcceptedProblems).given()
      story.when(decided('ProblemCandidateAccepted', { incidents }))
      story.when(named(first, 'another acceptance')).thenNothing()
      story.when(named(first)).thenCommands(link(second))
    })
  })
})
