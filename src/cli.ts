#!/usr/bin/env node
import { Command } from 'commander'
import { LedgerdeskError } from '#libs/event-sourcing'
import { UnsuitableLog } from '#libs/event-store/sqlite'
import { ConfigurationError } from '#libs/platform/configuration'
import { API } from './api.js'
import { endWithReader } from './cli/output.js'

/** In the order in which the help shows them. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./cli/serve.js')).serveCommand(),
  demo: async () => (await import('./cli/demo.js')).demoCommand(),
  import: async () => (await import('./cli/import.js')).importCommand(),
  token: async () => (await import('./cli/token.js')).tokenCommand(),
  projections: async () => (await import('./cli/projections.js')).projectionsCommand(),
  publisher: async () => (await import('./cli/publisher.js')).publisherCommand(),
  events: async () => (await import('./cli/events.js')).eventsCommand(),
  check: async () => (await import('./cli/care.js')).checkCommand(),
  backup: async () => (await import('./cli/care.js')).backupCommand(),
  restore: async () => (await import('./cli/care.js')).restoreCommand(),
  mail: async () => (await import('./cli/mail.js')).mailCommand(),
  migrate: async () => (await import('./cli/migrate.js')).migrateCommand(),
}

const program = new Command('ledgerdesk')
  .description('Event-sourced IT service management. Settings are environment variables; see the README.')
  .version(API.version)

// To load what all commands need takes longer than most of them run.
const wanted = COMMANDS[process.argv[2] ?? '']
for (const load of wanted ? [wanted] : Object.values(COMMANDS)) program.addCommand(await load())

endWithReader()
try {
  await program.parseAsync()
} catch (error) {
  // What we can explain is told in a line; anything else is a fault of ours and shows where it happened.
  const explained =
    error instanceof LedgerdeskError || error instanceof ConfigurationError || error instanceof UnsuitableLog
  console.error(explained ? error.message : error)
  process.exitCode = error instanceof ConfigurationError ? 78 : 1
}
