import { Command } from 'commander'
import { readConfiguration } from '#libs/platform/configuration'

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Do what LEDGERDESK_ROLE says, until SIGTERM: serve the API, keep read models and run policies, publish; by default all',
    )
    .action(async () => {
      // The server takes a second to load, for which no other command has to wait.
      const { serveUntilSignal } = await import('../serve.js')
      await serveUntilSignal(readConfiguration(process.env))
    })
}
