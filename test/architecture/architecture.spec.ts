import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { violation } from './import-rules.js'
import { importsOf, loadedPackages, sourceFiles } from './imports.js'
import { impureExpressions } from './purity.js'

const ROOT = join(__dirname, '../..')
const files = sourceFiles(ROOT, ['src', 'libs', 'projections'])
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

function violationsOf(file: string, text: string): string[] {
  return importsOf(file, text).flatMap((stated) => {
    const why = violation(stated)
    return why === undefined ? [] : [`${file}:${stated.line} imports ${stated.to}: ${why}`]
  })
}

describe('imports', () => {
  it('are read from every file', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(files).toContain('src/incidents/domain/incident.decider.ts')
  })

  it('keep to the rules', () => {
    expect(files.flatMap((file) => violationsOf(file, read(file)))).toEqual([])
  })

  describe('against the rules are found (counter-proof)', () => {
    const decider = 'src/incidents/domain/incident.decider.ts'
    const policies = 'src/incidents/domain/incident.policies.ts'
    const handlers = 'src/incidents/incidents.handlers.ts'
    const projection = 'projections/work-queue/work-queue.ts'
    const lib = 'libs/event-store/sqlite/sqlite-event-store.ts'
    it.each([
      [decider, `import { Injectable } from '@nestjs/common'`, 'a domain is pure'],
      [decider, `import { readFileSync } from 'node:fs'`, 'a domain is pure'],
      [decider, `import Database from 'libsql'`, 'a domain is pure'],
      [decider, `import { EventStore } from '#libs/event-store'`, 'a domain uses only'],
      [decider, `import { definePolicy } from '#libs/projections-runtime'`, 'a domain uses only'],
      [decider, `import { deciderSpec } from '#libs/testing'`, 'a domain uses only'],
      [decider, `import { workQueue } from '#projections/work-queue/work-queue'`, 'no read model'],
      [decider, `import { personDecider } from '../../directory/domain/person.decider.js'`, 'no other part'],
      [
        decider,
        `import type { PersonState } from '../../directory/domain/person.decider.js'`,
        'no other part',
      ],
      [decider, `import { IncidentsController } from '../incidents.controller.js'`, 'no other part'],
      [decider, `import { X } from '../../directory/domain/directory.events.js'`, 'only the types'],
      [decider, `import { type X, y } from '../../directory/domain/directory.events.js'`, 'only the types'],
      [decider, `export * from '../../directory/domain/directory.events.js'`, 'only the types'],
      [
        decider,
        `const events = await import('../../directory/domain/directory.events.js')`,
        'only the types',
      ],
      [decider, `const fs = require('node:fs')`, 'a domain is pure'],
      [policies, `import { personDecider } from '../../directory/domain/person.decider.js'`, 'no other part'],
      [policies, `import { EventStore } from '#libs/event-store'`, 'a domain uses only'],
      [handlers, `import { directoryHandlers } from '../directory/directory.handlers.js'`, 'through events'],
      [
        handlers,
        `import { DirectoryController } from '../directory/directory.controller.js'`,
        'through events',
      ],
      [handlers, `import { personDecider } from '../directory/domain/person.decider.js'`, 'through events'],
      [handlers, `import { X } from '../directory/domain/directory.events.js'`, 'only the types'],
      [
        'src/imports/import-run.ts',
        `import { decide } from '../incidents/domain/incident.decider.js'`,
        'through events',
      ],
      [
        'src/imports/import-run.ts',
        `import { Incidents } from '../incidents/incidents.handlers.js'`,
        'through events',
      ],
      [
        'src/http/verbs.ts',
        `import { Accept } from '../incidents/domain/incident.commands.js'`,
        'the rim knows no',
      ],
      [decider, `import { verb } from '../../http/verbs.js'`, 'no other part'],
      ['src/cli/demo.ts', `import { eventually } from '#libs/testing'`, 'for tests only'],
      ['src/cli/demo.ts', `import { X } from '../../libs/testing/event-factory.js'`, 'for tests only'],
      [handlers, `import type { FakeClock } from '#libs/testing'`, 'for tests only'],
      ['src/main.ts', `const { X } = await import('#libs/testing')`, 'for tests only'],
      [projection, `import { Injectable } from '@nestjs/common'`, 'a projection is pure'],
      [projection, `import { MongoClient } from 'mongodb'`, 'a projection is pure'],
      [projection, `import { EventStore } from '#libs/event-store'`, 'a projection uses only'],
      [
        projection,
        `import { INCIDENT_STATES } from '../../src/incidents/domain/incident.events.js'`,
        'only the types',
      ],
      [projection, `import type { X } from '../../src/incidents/domain/incident.state.js'`, 'no process'],
      [
        projection,
        `import { incidentFacts } from '../incident-facts/incident-facts.js'`,
        'no other projection',
      ],
      [projection, `import { randomNumbers } from '#libs/random-numbers'`, 'a projection uses only'],
      [projection, `import { story } from '../testing/incident-story.js'`, 'no other projection'],
      [projection, `import { PROJECTIONS } from '../registry.js'`, 'no other projection'],
      [
        'projections/incident-folds.ts',
        `import { workQueue } from './work-queue/work-queue.js'`,
        'no other projection',
      ],
      [
        lib,
        `import { incidentDecider } from '../../../src/incidents/domain/incident.decider.js'`,
        'built on them',
      ],
      [lib, `import type { X } from '#projections/work-queue/work-queue'`, 'built on them'],
      [
        lib,
        `import { Runner } from '#libs/projections-runtime'`,
        'event-store stands below projections-runtime',
      ],
      [lib, `import { FakeClock } from '../../testing/fake-clock.js'`, 'event-store stands below testing'],
      [lib, `type Runner = import('#libs/projections-runtime').Runner`, 'stands below'],
      [
        'libs/business-time/calendar.ts',
        `import { InvalidInput } from '#libs/event-sourcing'`,
        'depends on nothing else of ours',
      ],
      ['libs/odds/ends.ts', `import { X } from '#libs/event-sourcing'`, 'place in the order'],
    ])('%s: %s', (file, text, why) => {
      expect(violationsOf(file, text)).toEqual([expect.stringContaining(why)])
    })

    it.each([
      [decider, `import { fact } from '#libs/event-sourcing'`],
      [decider, `import { evolve } from './incident.state.js'`],
      [decider, `import type { X } from '../../directory/domain/directory.events.js'`],
      [decider, `import { type X, type Y } from '../../directory/domain/directory.events.js'`],
      [decider, `import { DEFAULT_HOLD_REASONS } from '../../settings/domain/defaults.js'`],
      [
        'src/notifications/domain/change-as-told.ts',
        `import { changeStateAfter } from '../../changes/domain/change.states.js'`,
      ],
      [
        'projections/change-folds.ts',
        `import { changeStateAfter } from '../src/changes/domain/change.states.js'`,
      ],
      ['src/incidents/domain/incident.decider.spec.ts', `import { deciderSpec } from '#libs/testing'`],
      ['src/cli/demo.spec.ts', `import { eventually } from '#libs/testing'`],
      ['src/cli/demo.ts', `import { randomNumbers } from '#libs/random-numbers'`],
      [policies, `import { definePolicy } from '#libs/projections-runtime'`],
      [handlers, `import { workQueue } from '#projections/work-queue/work-queue'`],
      [handlers, `import type { X } from '../directory/domain/directory.events.js'`],
      [handlers, `import { deciderHandlers } from '#libs/command-handling/nest'`],
      [handlers, `import { verb } from '../http/verbs.js'`],
      ['src/imports/import-run.ts', `import { Import } from '../incidents/domain/incident.commands.js'`],
      ['src/runtime/projector.ts', `import { policies } from '../policies.js'`],
      [
        'src/incidents/domain/incident.policies.spec.ts',
        `import type { X } from '#libs/projections-runtime'`,
      ],
      [projection, `import { headOf } from '../incident-folds.js'`],
      [projection, `import { columns } from './columns.js'`],
      ['projections/registry.ts', `import { workQueue } from './work-queue/work-queue.js'`],
      [lib, `import { EventStore } from '../event-store.js'`],
      ['libs/event-store/event-store.contract.ts', `import { FakeClock } from '#libs/testing'`],
      ['src/main.ts', `import { Directory } from './directory/directory.js'`],
    ])('and nothing else: %s: %s', (file, text) => {
      expect(violationsOf(file, text)).toEqual([])
    })
  })
})

/** Each takes a tenth of a second or more to load, and a server has half a dozen threads. */
const HEAVY = /^(@nestjs\/|fastify$|class-validator|@eventstore\/|@grpc\/|mongodb$|kafkajs$)/

describe('a thread or command starts without what it does not need', () => {
  const heavyOf = (entry: string, readFile = read) =>
    [...loadedPackages(entry, readFile)].filter(([name]) => HEAVY.test(name))

  it.each(['projector', 'query', 'rebuild', 'upkeep'])('the %s thread', (name) => {
    expect(heavyOf(`src/runtime/${name}-thread.ts`)).toEqual([])
  })

  it('the command line, unless it serves', () => {
    // Clients it may have: `migrate` and `publisher` are about servers.
    const framework = heavyOf('src/cli.ts').filter(([name]) =>
      /^(@nestjs\/|fastify|class-validator)/.test(name),
    )
    expect(framework).toEqual([])
  })

  it('what the server loads is found (counter-proof)', () => {
    expect(heavyOf('src/serve.ts').map(([name]) => name)).toContain('@nestjs/core')
    const planted = 'src/runtime/stores.ts'
    const withImport = (file: string) =>
      file === planted ? `import { MongoClient } from 'mongodb'\n${read(file)}` : read(file)
    expect(heavyOf('src/runtime/upkeep-thread.ts', withImport)).toEqual([['mongodb', planted]])
  })
})

describe('rules and projections follow from their arguments alone', () => {
  const pure = files.filter(
    (file) =>
      /^(src\/[^/]+\/domain|projections|libs\/business-time)\//.test(file) &&
      !/\.spec\.ts$|\/testing\//.test(file),
  )

  it('they neither read clocks nor throw dice', () => {
    expect(pure.length).toBeGreaterThan(20)
    expect(
      pure.flatMap((file) => impureExpressions(file, read(file)).map((found) => `${file}:${found}`)),
    ).toEqual([])
  })

  it.each([
    'const now = Date.now()',
    'const { now } = Date',
    'const clock = Date',
    'const now = new Date()',
    'const now = new Date',
    'const now = Date()',
    'const at = state.at ?? Date.now()',
    'const dice = Math.random()',
    "const dice = Math['random']()",
    'const { random } = Math',
    'const id = randomUUID()',
    'const id = crypto.randomUUID()',
    'const zone = process.env.TZ',
    'const t = performance.now()',
    'setTimeout(() => {}, 1)',
    'const now = globalThis.Date.now()',
    'evolve({ at: Date.now() })',
    'class Rule { private readonly now = Date.now() }',
  ])('%s is found (counter-proof)', (text) => {
    expect(impureExpressions('rule.ts', text)).toHaveLength(1)
  })

  it.each([
    'const at = new Date(event.metadata.occurredAt)',
    'const at = Date.parse(text) + Date.UTC(2026, 1)',
    'const most = Math.max(1, 2)',
    'function f(at: Date) { return at instanceof Date }',
    'interface Step { process: string; crypto: boolean }',
    'const step = { process: 1, now: state.now, random: state.random }',
    'const { process: name } = state',
    'const isProcess = state.process === 1',
  ])('%s is not', (text) => {
    expect(impureExpressions('rule.ts', text)).toEqual([])
  })
})
