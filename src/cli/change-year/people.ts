import type { Role } from '#libs/access'

/** Who works in the made-up year. Nobody's names. */
export const PEOPLE: readonly { id: string; name: string; roles: readonly Role[] }[] = [
  { id: 'year-root', name: 'Rosa Root', roles: ['administrator'] },
  { id: 'year-ada', name: 'Ada Agent', roles: ['agent'] },
  { id: 'year-ben', name: 'Ben Agent', roles: ['agent'] },
  { id: 'year-cem', name: 'Cem Coordinator', roles: ['agent'] },
  { id: 'year-ivo', name: 'Ivo Implementer', roles: ['agent'] },
  { id: 'year-jan', name: 'Jan Implementer', roles: ['agent'] },
  { id: 'year-lea', name: 'Lea Lead', roles: ['team-lead'] },
  { id: 'year-mia', name: 'Mia Lead', roles: ['team-lead'] },
  { id: 'year-eve', name: 'Eve Interim', roles: ['team-lead'] },
  { id: 'year-chris', name: 'Chris Change', roles: ['change-manager'] },
  { id: 'year-audrey', name: 'Audrey Audit', roles: ['auditor'] },
]

export const REQUESTERS = ['year-ada', 'year-ben'] as const
export const COORDINATOR = 'year-cem'
export const IMPLEMENTERS = ['year-ivo', 'year-jan'] as const
export const CHANGE_MANAGER = 'year-chris'
export const ADMINISTRATOR = 'year-root'
export const AUDITOR = 'year-audrey'

/** Group → its manager, who approves what the group is to do. */
export const GROUPS: Readonly<Record<string, string>> = {
  'Year Platform': 'year-lea',
  'Year Network': 'year-mia',
}
/** Led by somebody of whom it is found out later that she had no right to. */
export const INTERIM = { group: 'Year Interim', manager: 'year-eve' } as const

/** Programs that look at the estate; the first is believed where they disagree. */
export const SCANNER = 'service:year-scanner'
export const AGENT_SOURCE = 'service:year-agent'
