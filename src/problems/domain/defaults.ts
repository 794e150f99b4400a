/** What becomes of incidents that wait for a problem once its fix has been applied. */
export const HELD_INCIDENT_STEPS = ['resolve', 'resume'] as const
export type HeldIncidentStep = (typeof HELD_INCIDENT_STEPS)[number]

/** What the desk has agreed on about problems. */
export interface ProblemSettings {
  heldIncidentsAtFix: HeldIncidentStep
  /** Problems of this priority and above are reviewed before they are closed; null: none need be. 1 is the highest. */
  reviewUpToPriority: number | null
}
export const DEFAULT_PROBLEM_SETTINGS: ProblemSettings = {
  heldIncidentsAtFix: 'resolve',
  reviewUpToPriority: 1,
}
