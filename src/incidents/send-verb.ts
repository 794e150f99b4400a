import type { CommandReceipt } from '#libs/command-handling'
import { LedgerdeskError } from '#libs/event-sourcing'
import { type ProblemDetails, type RequestContext, toProblem, validateBody } from '#libs/platform'
import type { CommandSender } from '../http/command-sender.js'
import { splitReason, type Verb } from '../http/verbs.js'
import { incidentVerbs } from './incident.verbs.js'

/** One verb for one incident, as part of a request that carries many. */
export interface VerbItem {
  name: string
  number: string
  body: object
  /** Place in the request, whose items share one `Idempotency-Key`. */
  index: number
  ifMatch?: number
}

/** The verb of that name; undefined: there is none. */
export function verbNamed(name: string): Verb | undefined {
  return Object.hasOwn(incidentVerbs, name) ? incidentVerbs[name as keyof typeof incidentVerbs] : undefined
}

/** Sends it, as its own endpoint would. @throws what that endpoint would answer with */
export function sendVerb(
  sender: CommandSender,
  context: RequestContext,
  verb: Verb,
  { name, number, body, index, ifMatch }: VerbItem,
): Promise<CommandReceipt> {
  const [data, reason] = splitReason(verb.body ? validateBody(verb.body, body) : body)
  const wish = {
    target: `incident-${number}`,
    method: 'POST',
    route: `/incidents/{number}/${name}`,
    params: { number },
    body,
    reason,
    index,
    ifMatch,
  }
  return sender.send(context, wish, (metadata) => verb.command(number, data, metadata))
}

/** What became of one item: the answer that it would have got by itself. */
export interface ItemResult {
  status: number
  id?: string
  revision?: number
  position?: string
  problem?: ProblemDetails
}

/** Carries out one item; a refusal is its result and stops no other. */
export async function resultOf(
  item: () => Promise<CommandReceipt>,
  status: number,
  instance: string,
): Promise<ItemResult> {
  try {
    const { id, revision, position } = await item()
    return { status, id, revision, position }
  } catch (error) {
    if (!(error instanceof LedgerdeskError)) throw error
    const { body } = toProblem(error, instance)
    return { status: body.status, problem: body }
  }
}
