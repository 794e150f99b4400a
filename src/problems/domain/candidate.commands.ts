import { Command } from '#libs/event-sourcing'
import type { CandidateAsSeen, ProblemCandidateAccepted } from './candidate.events.js'

/** The candidate comes with it, as the read model tells it: deciders read streams only. */
export class AcceptCandidate extends Command<'AcceptCandidate', ProblemCandidateAccepted['data']> {
  readonly type = 'AcceptCandidate'
}
export class DismissCandidate extends Command<'DismissCandidate', CandidateAsSeen> {
  readonly type = 'DismissCandidate'
}

/** Every command class, for the handlers. */
export const CANDIDATE_COMMANDS = [AcceptCandidate, DismissCandidate] as const
export type CandidateCommand = AcceptCandidate | DismissCandidate
