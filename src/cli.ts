#!/usr/bin/env node
import { Command } from 'commander'
import { LedgerdeskError } from '#libs/event-sourcing'
import { UnsuitableLog } from '#libs/event-store/sqlite'
import { ConfigurationError } from '#libs/platform/configuration'
import { API } from './api.js'
import { backupCommand, checkCommand, restoreCommand } from './cli/care.js'
import { demoCommand } from './cli/demo.js'
import { eventsCommand } from './cli/events.js'
import { importCommand } from './cli/import.js'
import { mailCommand } from './cli/mail.js'
import { migrateCommand } from './cli/migrate.js'
import { endWithReader } from './cli/output.js'
import { projectionsCommand } from './cli/projections.js'
import { publisherCommand } from './cli/publisher.js'
import { serveCommand } from './cli/serve.js'
import { tokenCommand } from './cli/token.js'

const program = new Command('ledgerdesk')
  .description('Event-sourced IT service management. Settings are environment variables; see the README.')
  .version(API.version)

for (const command of [
  serveCommand(),
  demoCommand(),
  importCommand(),
  tokenCommand(),
  projectionsCommand(),
  publisherCommand(),
  eventsCommand(),
  checkCommand(),
  backupCommand(),
  restoreCommand(),
  mailCommand(),
  migrateCommand(),
]) {
  program.addCommand(command)
}

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
