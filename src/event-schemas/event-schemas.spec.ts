import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { createGenerator } from 'ts-json-schema-generator'
import type { DomainEvent, StreamFold } from '#libs/event-sourcing'
import { recorded } from '#libs/testing'
import { alertDecider } from '../alerts/domain/alert.decider.js'
import { approvalDecider } from '../approvals/domain/approval.decider.js'
import { judgementDecider } from '../audit/domain/judgement.decider.js'
import { cabDecider } from '../changes/domain/cab.decider.js'
import { changeDecider } from '../changes/domain/change.decider.js'
import { changeModelDecider } from '../changes/domain/change-model.decider.js'
import { assigneeScheduleDecider, ciScheduleDecider } from '../changes/domain/schedule.decider.js'
import { baselineDecider } from '../configuration/domain/baseline.decider.js'
import { ciDecider } from '../configuration/domain/ci.decider.js'
import { ciNameDecider } from '../configuration/domain/ci-name.decider.js'
import { discoveryDecider } from '../configuration/domain/discovery.decider.js'
import { relationDecider } from '../configuration/domain/relation.decider.js'
import { reviewDecider } from '../configuration/domain/review.decider.js'
import { groupDecider } from '../directory/domain/group.decider.js'
import { personDecider } from '../directory/domain/person.decider.js'
import { EVENT_CATALOGUE, eventUpcasters } from '../event-catalog.js'
import { filtersDecider } from '../filters/domain/filters.decider.js'
import { incidentDecider } from '../incidents/domain/incident.decider.js'
import { notificationDecider } from '../notifications/domain/notification.decider.js'
import { preferencesDecider } from '../notifications/domain/preferences.decider.js'
import { problemDecider } from '../problems/domain/problem.decider.js'
import { alertMappingDecider } from '../settings/domain/alert-mapping.js'
import { approvalPoliciesDecider } from '../settings/domain/approval-policies.js'
import { assignmentRulesDecider } from '../settings/domain/assignment-rules.js'
import { calendarsDecider } from '../settings/domain/calendars.js'
import { changeRiskDecider, changeSettingsDecider } from '../settings/domain/change-settings.js'
import { ciClassesDecider } from '../settings/domain/ci-classes.js'
import { ciReconciliationDecider } from '../settings/domain/ci-reconciliation.js'
import { ciRelationTypesDecider } from '../settings/domain/ci-relation-types.js'
import { customFieldsDecider } from '../settings/domain/custom-fields.js'
import { escalationRulesDecider } from '../settings/domain/escalation-rules.js'
import { holdReasonsDecider } from '../settings/domain/hold-reasons.js'
import { incidentSettingsDecider } from '../settings/domain/incident-settings.js'
import { incidentTemplatesDecider } from '../settings/domain/incident-templates.js'
import { majorIncidentSettingsDecider } from '../settings/domain/major-incident-settings.js'
import { notificationTemplatesDecider } from '../settings/domain/notification-templates.js'
import { priorityMatrixDecider } from '../settings/domain/priority-matrix.js'
import { problemSettingsDecider } from '../settings/domain/problem-settings.js'
import { blackoutWindowsDecider, maintenanceWindowsDecider } from '../settings/domain/time-windows.js'
import { webhooksDecider } from '../settings/domain/webhooks.js'
import { breakingChanges, type JsonSchema, withoutAnnotations } from './compatibility.js'

const FOLDER = __dirname
const SAMPLES = join(FOLDER, 'samples')
/** `EVENT_SCHEMAS=write npx jest src/event-schemas` writes what is new; it never overwrites a schema with one that breaks it. */
const WRITE = process.env.EVENT_SCHEMAS === 'write'

const read = (file: string): JsonSchema => JSON.parse(readFileSync(file, 'utf8'))
const schemaFile = (type: string, version: number) => join(FOLDER, `${type}.v${version}.json`)
const sampleFile = (type: string, version: number) => join(SAMPLES, `${type}.v${version}.json`)

/** Event type → the schema of its `data`, from the TypeScript types. */
function generateSchemas(): Map<string, JsonSchema> {
  const union = createGenerator({
    path: join(FOLDER, '../event-catalog.ts'),
    tsconfig: join(FOLDER, 'tsconfig.json'),
    type: 'CatalogueEvent',
    expose: 'none',
    topRef: false,
    skipTypeCheck: true,
  }).createSchema('CatalogueEvent') as JsonSchema
  return new Map(
    events(union).map(({ properties, description }) => {
      const { type, data } = properties as { type: { const: string }; data: JsonSchema }
      const about = {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: type.const,
        description,
      }
      return [type.const, { ...about, ...data }]
    }),
  )
}

function events(schema: JsonSchema): JsonSchema[] {
  return Array.isArray(schema.anyOf) ? schema.anyOf.flatMap(events) : [schema]
}

const generated = generateSchemas()
const versions = [...EVENT_CATALOGUE.values()].flatMap(({ type, schemaVersion }) =>
  Array.from({ length: schemaVersion }, (_, index) => ({ type, version: index + 1, current: schemaVersion })),
)

describe('event schemas', () => {
  it('are made for exactly the types of the catalogue', () => {
    expect([...generated.keys()].sort()).toEqual([...EVENT_CATALOGUE.keys()].sort())
  })

  it.each([...EVENT_CATALOGUE.values()])(
    '$type: is the committed one, or adds to it',
    ({ type, schemaVersion }) => {
      const file = schemaFile(type, schemaVersion)
      const now = generated.get(type) as JsonSchema
      const breaks = existsSync(file) ? breakingChanges(read(file), now) : []
      if (breaks.length > 0) {
        throw new Error(
          `${type}: old events or readers can't take this; raise its version in the catalogue, with an upcaster and a sample:\n${breaks.join('\n')}`,
        )
      }
      const same = existsSync(file) && isDeepStrictEqual(read(file), JSON.parse(JSON.stringify(now)))
      if (WRITE && !same) writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`)
      if (!existsSync(file))
        throw new Error(`${type}: no schema yet; EVENT_SCHEMAS=write npx jest src/event-schemas`)
      // Differs, but only adds: EVENT_SCHEMAS=write npx jest src/event-schemas
      expect(withoutAnnotations(now)).toEqual(withoutAnnotations(read(file)))
    },
  )

  it('stand for no other type or version', () => {
    const expected = versions.map(({ type, version }) => `${type}.v${version}.json`).sort()
    const files = (folder: string) => readdirSync(folder).filter((name) => /\.v\d+\.json$/.test(name))
    expect(files(FOLDER).sort()).toEqual(expected)
    expect(files(SAMPLES).sort()).toEqual(expected)
  })

  it('would refuse a break (counter-proof)', () => {
    const committed = read(schemaFile('CommentAdded', 1))
    const renamed = JSON.parse(JSON.stringify(committed).replaceAll('"text"', '"body"'))
    expect(breakingChanges(committed, renamed)).toEqual(['/text: is gone', '/body: is new and required'])
  })
})

describe('stored events', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true })

  it('are upcast to the versions of the catalogue', () => {
    for (const { type, schemaVersion } of EVENT_CATALOGUE.values()) {
      expect([type, eventUpcasters.current(type)]).toEqual([type, schemaVersion])
    }
  })

  it.each(versions)('$type version $version: still fits, and is folded', ({ type, version, current }) => {
    const { stream, data } = read(sampleFile(type, version)) as { stream: string; data: unknown }
    expect(invalid(schemaFile(type, version), data)).toEqual([])
    const metadata = { ...recorded(stream, [{ type, data }])[0]!.metadata, schemaVersion: version }
    const upcast = eventUpcasters.upcast(type, data, metadata)
    expect(upcast.metadata.schemaVersion).toBe(current)
    expect(invalid(schemaFile(type, current), upcast.data)).toEqual([])
    expect(() => fold(stream, { type, data: upcast.data })).not.toThrow()
  })

  it('that do not fit are found (counter-proof)', () => {
    expect(invalid(schemaFile('CommentAdded', 1), { text: 1 })).toEqual(['/text must be string'])
    expect(invalid(schemaFile('CommentAdded', 1), { text: 'Hello', colour: 'red' })).toHaveLength(1)
  })

  function invalid(file: string, data: unknown): string[] {
    const validate = ajv.compile(read(file))
    return validate(data)
      ? []
      : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
  }

  /** Who folds a stream, and the sample that begins it. */
  // biome-ignore lint/suspicious/noExplicitAny: one table for the folds of all kinds of records
  const folds: [prefix: string, fold: StreamFold<any, any>, first?: string][] = [
    ['incident-', incidentDecider, 'IncidentOpened'],
    ['person-', personDecider, 'PersonRegistered'],
    ['group-', groupDecider, 'GroupRegistered'],
    ['alert-', alertDecider, 'AlertFired'],
    ['approval-', approvalDecider, 'ApprovalRequested'],
    ['settings-priority-matrix', priorityMatrixDecider],
    ['settings-assignment-rules', assignmentRulesDecider],
    ['settings-hold-reasons', holdReasonsDecider],
    ['settings-incident-templates', incidentTemplatesDecider],
    ['settings-incident', incidentSettingsDecider],
    ['settings-custom-fields-', customFieldsDecider],
    ['filters-', filtersDecider, 'FilterSaved'],
    ['settings-escalation-rules', escalationRulesDecider],
    ['settings-major-incident', majorIncidentSettingsDecider],
    ['settings-alert-mapping', alertMappingDecider],
    ['settings-notification-templates', notificationTemplatesDecider],
    ['settings-webhooks', webhooksDecider],
    ['settings-ci-classes', ciClassesDecider],
    ['settings-ci-relation-types', ciRelationTypesDecider],
    ['settings-ci-reconciliation', ciReconciliationDecider],
    ['settings-calendars', calendarsDecider],
    ['settings-maintenance-windows', maintenanceWindowsDecider],
    ['settings-blackout-windows', blackoutWindowsDecider],
    ['settings-approval-policies', approvalPoliciesDecider],
    ['settings-change-risk', changeRiskDecider],
    ['settings-change', changeSettingsDecider],
    ['settings-problem', problemSettingsDecider],
    ['notification-', notificationDecider, 'NotificationQueued'],
    ['preferences-', preferencesDecider],
    ['ciname-', ciNameDecider, 'CiNameReserved'],
    ['ci-', ciDecider, 'CiRegistered'],
    ['relation-', relationDecider],
    ['discovery-', discoveryDecider],
    ['reconciliation-', reviewDecider, 'ReconciliationReviewOpened'],
    ['baseline-', baselineDecider],
    ['change-', changeDecider, 'ChangeOpened'],
    ['changemodel-', changeModelDecider, 'ChangeModelDrafted'],
    ['cab-', cabDecider, 'CabMeetingScheduled'],
    ['cischedule-', ciScheduleDecider, 'CiReserved'],
    ['assigneeschedule-', assigneeScheduleDecider, 'AssigneeReserved'],
    ['judgement-', judgementDecider],
    ['problem-', problemDecider, 'ProblemOpened'],
  ]

  function fold(stream: string, event: DomainEvent): void {
    expect(stream.startsWith(EVENT_CATALOGUE.get(event.type)?.stream as string)).toBe(true)
    const found = folds.find(([prefix]) => stream.startsWith(prefix))
    if (found === undefined) return
    const [, { initial, evolve }, first] = found
    const before = first ? [{ type: first, data: read(sampleFile(first, 1)).data }] : []
    const state = recorded(stream, [...before, event]).reduce((known, next) => evolve(known, next), initial)
    expect(state).not.toEqual(initial)
  }
})
