import type { LedgerdeskError } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import { escalationRulesDecider } from './escalation-rules.js'
import { majorIncidentSettingsDecider } from './major-incident-settings.js'
import * as commands from './settings.commands.js'
import type { EscalationRule, MajorIncidentSettings } from './settings.events.js'

const metadata = commandMetadata({ actor: 'root' })

/** Code and the offending pointers of a refusal. */
function refusal(decide: () => unknown): string[] {
  try {
    decide()
    return ['accepted']
  } catch (error) {
    const { code, extra } = error as LedgerdeskError
    return [code, ...((extra.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer)]
  }
}

describe('escalation rules', () => {
  const rule = (over: Partial<EscalationRule> = {}): EscalationRule => ({
    name: 'Old',
    when: {},
    since: 'opened',
    afterMinutes: 60,
    action: { kind: 'hierarchical' },
    ...over,
  })
  const publish = (...rules: EscalationRule[]) =>
    deciderSpec(escalationRulesDecider)
      .given()
      .and('group-network', { type: 'GroupRegistered', data: { name: 'Network' } })
      .when(new commands.PublishEscalationRules({ rules }, metadata)).events

  it('are published as a version', () => {
    const rules = [rule(), rule({ name: 'Call', action: { kind: 'on-call', group: 'network' } })]
    expect(publish(...rules)).toEqual([{ type: 'EscalationRulesPublished', data: { version: 1, rules } }])
  })

  it('are refused when they are not well formed, each with its field', () => {
    const malformed = [
      rule({ name: ' ' }),
      rule(),
      rule({ afterMinutes: 1.5, when: { states: [], priorities: [] } }),
      rule({ name: 'To whom', action: { kind: 'functional', group: '' } }),
      rule({ name: 'Round', when: { group: 'network' }, action: { kind: 'functional', group: 'network' } }),
    ]
    expect(refusal(() => publish(...malformed))).toEqual([
      'SETTINGS.ESCALATION_RULES_MALFORMED',
      '/rules/0/name',
      '/rules/2/name',
      '/rules/2/afterMinutes',
      '/rules/2/when/priorities',
      '/rules/2/when/states',
      '/rules/3/action/group',
      '/rules/4/action/group',
    ])
  })

  it('are refused when the directory does not know whom they name', () => {
    const unknown = [
      rule({ when: { group: 'nobodies' } }),
      rule({ name: 'b', action: { kind: 'hierarchical', informed: 'eve' } }),
      rule({ name: 'c', action: { kind: 'on-call', group: 'nobodies' } }),
    ]
    expect(refusal(() => publish(...unknown))).toEqual([
      'SETTINGS.ESCALATION_TARGET_UNKNOWN',
      '/rules/0/when/group',
      '/rules/1/action/informed',
      '/rules/2/action/group',
    ])
  })
})

describe('settings of major incidents', () => {
  const never: MajorIncidentSettings = {
    proposeAtPriority: null,
    proposeAboveChildren: null,
    updateEveryMinutes: null,
    remindEveryMinutes: null,
  }
  const publish = (settings: Partial<MajorIncidentSettings>) =>
    deciderSpec(majorIncidentSettingsDecider)
      .given()
      .when(new commands.PublishMajorIncidentSettings({ settings: { ...never, ...settings } }, metadata))
      .events

  it('are within what makes sense, or never', () => {
    expect(publish({ proposeAtPriority: 1 })[0]?.data).toMatchObject({ version: 1 })
    expect(
      refusal(() =>
        publish({
          proposeAtPriority: 0,
          proposeAboveChildren: -1,
          updateEveryMinutes: 1e6,
          remindEveryMinutes: 0.5,
        }),
      ),
    ).toEqual([
      'SETTINGS.MAJOR_INCIDENT_MALFORMED',
      '/proposeAtPriority',
      '/proposeAboveChildren',
      '/updateEveryMinutes',
      '/remindEveryMinutes',
    ])
  })
})
