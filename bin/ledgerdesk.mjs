#!/usr/bin/env node
// Stands outside of what a build writes anew, so that it stays executable, and can say when there was none yet.
import { existsSync } from 'node:fs'

const commandLine = new URL('../dist/src/cli.js', import.meta.url)
if (existsSync(commandLine)) await import(commandLine.href)
else {
  console.error('Ledgerdesk is not built yet: npm run build')
  process.exitCode = 1
}
