import { Command } from 'commander'
import { readConfiguration, shutDownOnSignals } from '#libs/platform'
import { serve } from '../serve.js'

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Do what LEDGERDESK_ROLE says, until SIGTERM: serve the API, keep read models and run policies, publish; by default all',
    )
    .action(async () => {
      const { shutdown } = await serve(readConfiguration(process.env))
      shutDownOnSignals(shutdown)
    })
}
