import { ConfigurationError, readConfiguration, shutDownOnSignals } from '#libs/platform'
import { serve } from './serve.js'

try {
  const { shutdown } = await serve(readConfiguration(process.env))
  shutDownOnSignals(shutdown)
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(error.message)
  process.exit(78)
}
