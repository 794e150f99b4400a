import { readFileSync } from 'node:fs'

/** Where requests go so that Prism sees the answers, and what they must say. */
export interface BehindPrism {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Which requests go by Prism, that takes as long for each as the server does: of each operation the first so many. It has seen
 * then what it would see of the others; every answer is held against the contract by the client as well.
 */
export class FirstOfEach {
  private readonly asked = new Map<string, number>()

  /** @param times default: `E2E_PRISM_TIMES`, or all of them */
  constructor(private readonly times = Number(process.env.E2E_PRISM_TIMES || Number.POSITIVE_INFINITY)) {}

  /** Whether this one is among them; counts it. */
  takes(operation: string): boolean {
    const asked = (this.asked.get(operation) ?? 0) + 1
    this.asked.set(operation, asked)
    return asked <= this.times
  }
}

/**
 * The contract as text: what the run's Prism has read (`test/servers/prism.mjs` names it in `E2E_PRISM_CONTRACT`), or else what
 * this server publishes. All of a build publish the same, and it takes each half a second to put it together.
 */
export async function publishedContract(server: string): Promise<string> {
  const { E2E_PRISM_CONTRACT: read } = process.env
  return read ? readFileSync(read, 'utf8') : (await fetch(`${server}/openapi.json`)).text()
}

/** The way to a server through the run's Prism, which it names in `E2E_PRISM_URL`. Without that there is none. */
export function throughPrism(upstream: string): BehindPrism | undefined {
  const { E2E_PRISM_URL: url } = process.env
  return url ? { url, headers: { 'x-upstream': upstream } } : undefined
}
