import { isDeepStrictEqual } from 'node:util'
import { derivedId, Unavailable } from '#libs/event-sourcing'
import { PublishCiClasses } from '../../settings/domain/settings.commands.js'
import type { CiClass, CiClassesPublished } from '../../settings/domain/settings.events.js'
import { MAX_TRIES, settled } from '../appends.js'
import { type RunContext, runMetadata } from '../import-context.js'
import { newEvents } from '../import-events.js'
import type { ClassesInForce, ConfigurationRules } from './history-rules.js'

/**
 * Sees to it that the source's classes are in force, beside those there are. A class of the same name gets the attributes
 * that it lacks.
 * @returns the catalogue in force then, and how many events that took
 * @throws InvalidInput `SETTINGS.CI_CLASSES_MALFORMED`
 */
export async function publishClasses(
  context: RunContext,
  { classes: decider, defaultClasses }: ConfigurationRules,
  wanted: readonly CiClass[],
): Promise<ClassesInForce & { events: number }> {
  const { store, run, actor, dryRun } = context
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const commandId = derivedId('import-classes', store.logId, run, attempt)
    const probe = new PublishCiClasses({ classes: [] }, runMetadata(context, commandId))
    const stream = decider.streamPrefix + probe.id
    const versions = await store.readStream(stream)
    const last = versions.at(-1)?.data as CiClassesPublished['data'] | undefined
    const present = last?.classes ?? defaultClasses
    const merged = withClasses(present, wanted)
    if (isDeepStrictEqual(merged, present))
      return { version: last?.version ?? 0, classes: present, events: 0 }
    const command = new PublishCiClasses({ classes: merged }, runMetadata(context, commandId))
    const inForce = versions.reduce((state, event) => decider.evolve(state, event as never), decider.initial)
    const decided = decider.decide(command, inForce, {})
    // What is written otherwise, and means the same
    if (decided[0] === undefined) return { version: last?.version ?? 0, classes: present, events: 0 }
    const { version } = decided[0].data
    if (dryRun) return { version, classes: merged, events: decided.length }
    const expectedRevision = versions.length === 0 ? 'noStream' : versions.length - 1
    const events = newEvents(decided, stream, command.metadata, actor.grant)
    const outcome = await settled(() => store.append({ stream, expectedRevision, events }))
    if (outcome.kind !== 'conflict') return { version, classes: merged, events: decided.length }
  }
  throw new Unavailable('IMPORT.CLASSES_BUSY', 'Others keep publishing CI classes: try again later.')
}

function withClasses(present: readonly CiClass[], wanted: readonly CiClass[]): readonly CiClass[] {
  const known = present.map((one) => {
    const more = wanted.find(({ name }) => name === one.name)
    return more === undefined ? one : { ...one, attributes: { ...more.attributes, ...one.attributes } }
  })
  return [...known, ...wanted.filter(({ name }) => !present.some((one) => one.name === name))]
}
