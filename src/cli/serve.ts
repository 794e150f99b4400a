import { Command } from 'commander'
import { readConfiguration } from '#libs/platform'
import { serveUntilSignal } from '../serve.js'

export function serveCommand(): Command {
  return new Command('serve')
    .description('Serve the API, project and run policies, until SIGTERM')
    .action(async () => {
      await serveUntilSignal(readConfiguration(process.env))
    })
}
