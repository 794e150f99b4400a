import { ConfigurationError, readConfiguration } from '#libs/platform/configuration'
import { serveUntilSignal } from './serve.js'

try {
  await serveUntilSignal(readConfiguration(process.env))
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(error.message)
  process.exit(78)
}
