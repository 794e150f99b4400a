import { isDeepStrictEqual } from 'node:util'
import type { Command, Decider, DomainEvent, RecordedEvent } from '#libs/event-sourcing'

/** The version of a setting in force; version 0: none has been published. */
export interface SettingInForce<Content> {
  readonly version: number
  readonly content?: Content
}

export interface VersionedSetting<
  Content,
  C extends Command,
  E extends DomainEvent<string, { version: number }>,
  Facts extends object,
> {
  /** Type of the one event of these streams. */
  readonly published: E['type']
  contentOf(data: E['data']): Content
  facts?: Decider<SettingInForce<Content>, C, E, Facts>['facts']
  /** The event's data apart from the version. @throws InvalidInput, Refused */
  check(command: C, facts: Facts): Omit<E['data'], 'version'>
}

/** The decider of a setting whose every publication is a new version; what is in force already is no new version. */
export function versionedDecider<
  Content,
  C extends Command,
  E extends DomainEvent<string, { version: number }>,
  Facts extends object = Record<never, never>,
>(setting: VersionedSetting<Content, C, E, Facts>): Decider<SettingInForce<Content>, C, E, Facts> {
  const { published, contentOf, facts, check } = setting
  return {
    streamPrefix: 'settings-',
    initial: { version: 0 },
    facts,
    decide(command, inForce, answers) {
      const data = { ...check(command, answers), version: inForce.version + 1 }
      const wanted = asStored(contentOf(data))
      return isDeepStrictEqual(wanted, asStored(inForce.content)) ? [] : [{ type: published, data } as E]
    },
    evolve(inForce, event: RecordedEvent<E>) {
      if (event.type !== published) return inForce
      return { version: event.data.version, content: contentOf(event.data) }
    },
  }
}

/** As it comes back from the log, where fields of value `undefined` are gone. */
function asStored(content: unknown): unknown {
  return content === undefined ? undefined : JSON.parse(JSON.stringify(content))
}
