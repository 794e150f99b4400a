import { Command } from 'commander'
import { readConfiguration, shutDownOnSignals } from '#libs/platform'
import { serve } from '../serve.js'

export function serveCommand(): Command {
  return new Command('serve')
    .description('Serve the API, project and run policies, until SIGTERM')
    .action(async () => {
      const { shutdown } = await serve(readConfiguration(process.env))
      shutDownOnSignals(shutdown)
    })
}
