import type { InvalidInput } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import { alertMappingDecider } from './alert-mapping.js'
import { DEFAULT_ALERT_MAPPING } from './defaults.js'
import { PublishAlertMapping } from './settings.commands.js'
import type { AlertMapping, AlertRule } from './settings.events.js'

const publish = (mapping: Partial<AlertMapping>, groups: string[] = []) =>
  groups
    .reduce(
      (story, id) => story.and(`group-${id}`, { type: 'GroupRegistered', data: { name: id } }),
      deciderSpec(alertMappingDecider).given(),
    )
    .when(new PublishAlertMapping({ mapping: { ...DEFAULT_ALERT_MAPPING, ...mapping } }, commandMetadata()))
const rule = (changes: Partial<AlertRule>): AlertRule => ({ name: 'rule', when: [], ...changes })

/** Code and pointers of a refusal. */
function refusal(mapping: Partial<AlertMapping>): unknown[] {
  try {
    return [publish(mapping).events.length]
  } catch (error) {
    const { code, extra } = error as InvalidInput
    return [code, ...(extra.errors as { pointer: string }[]).map(({ pointer }) => pointer)]
  }
}

describe('the alert mapping', () => {
  it('has a default that is accepted, into the stream of its name', () => {
    publish({}).thenEvents({
      type: 'AlertMappingPublished',
      data: { version: 1, mapping: DEFAULT_ALERT_MAPPING },
    })
    const { id } = new PublishAlertMapping({ mapping: DEFAULT_ALERT_MAPPING }, commandMetadata())
    expect(id).toBe('alert-mapping')
  })

  it('leads to groups that the directory knows', () => {
    const rules = [rule({ group: 'Network' })]
    expect(refusal({ rules })).toEqual(['SETTINGS.GROUP_UNKNOWN', '/rules/0/group'])
    expect(publish({ rules }, ['Network']).events).toHaveLength(1)
  })

  it('names all that is not well formed', () => {
    const rules = [
      rule({ when: [{ label: 'a' }, { label: 'a', equals: 'x', matches: 'x' }] }),
      rule({ impact: 0, urgency: 4 }),
      rule({ name: ' ' }),
    ]
    expect(refusal({ rules, retryWindowSeconds: 1.5 })).toEqual([
      'SETTINGS.ALERT_MAPPING_MALFORMED',
      '/rules/0/when/0',
      '/rules/0/when/1',
      '/rules/1/name',
      '/rules/1/impact',
      '/rules/1/urgency',
      '/rules/2/name',
      '/retryWindowSeconds',
    ])
  })

  it.each(['(', '(a+)+', '(a|a)*', '.*.*.*.*', 'a{1,}b+c*d*'])('refuses the pattern %s', (matches) => {
    expect(refusal({ rules: [rule({ when: [{ label: 'a', matches }] })] })).toEqual([
      'SETTINGS.ALERT_MAPPING_MALFORMED',
      '/rules/0/when/0/matches',
    ])
  })

  it.each(['db-[0-9]+', 'a|b', '.*', String.raw`\*\*\*\*\*`, '[*+*+*+]'])(
    'takes the pattern %s',
    (matches) => {
      expect(refusal({ rules: [rule({ when: [{ label: 'a', matches }] })] })).toEqual([1])
    },
  )
})
