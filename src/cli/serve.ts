import { Command } from 'commander'
import { readConfiguration } from '#libs/platform/configuration'
import { serveUntilSignal } from '../serve.js'

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Do what LEDGERDESK_ROLE says, until SIGTERM: serve the API, keep read models and run policies, publish; by default all',
    )
    .action(async () => {
      await serveUntilSignal(readConfiguration(process.env))
    })
}
