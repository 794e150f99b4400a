export function scenarioReport(): readonly string[] {
  return ['(scenario)']
}
