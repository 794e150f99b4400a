import { Command } from 'commander'
import { print } from './output.js'

/** What mail servers take for "try again later" and "this is no message" (sysexits.h). */
const EX_DATAERR = 65
const EX_TEMPFAIL = 75
/** Statuses after which the same message will be refused again. */
const LASTING = [400, 413, 415]

/** `ledgerdesk mail`: hands the message on standard input to a running server; for the end of a mail server's pipe. */
export function mailCommand(): Command {
  return new Command('mail')
    .description(
      'Hand over the message on standard input to a server. Ends with 75 (try again) when the server is away, with 65 when it can’t read the message.',
    )
    .option('--url <url>', 'where the server is', 'http://127.0.0.1:3000')
    .requiredOption('--token-file <path>', 'file with the API token of a service')
    .action(async ({ url, tokenFile }: { url: string; tokenFile: string }) => {
      const { readFile } = await import('node:fs/promises')
      const { buffer } = await import('node:stream/consumers')
      const token = (await readFile(tokenFile, 'utf8')).trim()
      process.exitCode = await handOver(url, token, await buffer(process.stdin))
    })
}

/** @returns the exit code */
async function handOver(url: string, token: string, message: Buffer): Promise<number> {
  try {
    const response = await fetch(new URL('/mails', url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' },
      body: new Uint8Array(message),
    })
    const answer = await response.text()
    if (response.ok) print(answer)
    else console.error(answer)
    if (response.ok) return 0
    return LASTING.includes(response.status) ? EX_DATAERR : EX_TEMPFAIL
  } catch (error) {
    console.error(`${url} does not answer: ${error instanceof Error ? error.message : String(error)}`)
    return EX_TEMPFAIL
  }
}
