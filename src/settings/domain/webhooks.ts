import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { isKind, KINDS, type WebhookEndpoint } from '../../notifications/domain/defaults.js'
import type { PublishWebhooks } from './settings.commands.js'
import type { WebhooksPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

/** Endpoints that are told of incidents whose audience is public. */
export const webhooksDecider = versionedDecider<
  readonly WebhookEndpoint[],
  PublishWebhooks,
  WebhooksPublished
>({
  published: 'WebhooksPublished',
  contentOf: ({ endpoints }) => endpoints,
  check({ data: { endpoints } }) {
    const errors = endpoints.flatMap((endpoint, index) => endpointErrors(endpoint, index, endpoints))
    if (errors.length > 0)
      throw new InvalidInput('SETTINGS.WEBHOOKS_MALFORMED', 'The webhooks are not well formed', errors)
    return { endpoints }
  },
})

const LOCAL = ['localhost', '127.0.0.1', '[::1]']

function endpointErrors(
  { name, url, kinds }: WebhookEndpoint,
  index: number,
  all: readonly WebhookEndpoint[],
): FieldError[] {
  const pointer = `/endpoints/${index}`
  const errors: FieldError[] = []
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    errors.push({ pointer: `${pointer}/name`, message: 'must be lower-case words joined by dashes' })
  else if (all.findIndex((other) => other.name === name) < index)
    errors.push({ pointer: `${pointer}/name`, message: 'stands twice' })
  const fault = urlFault(url)
  if (fault !== undefined) errors.push({ pointer: `${pointer}/url`, message: fault })
  if (kinds.length === 0)
    errors.push({ pointer: `${pointer}/kinds`, message: `name at least one of ${KINDS.join(', ')}` })
  for (const [at, kind] of kinds.entries()) {
    if (!isKind(kind))
      errors.push({ pointer: `${pointer}/kinds/${at}`, message: `is no kind; there are ${KINDS.join(', ')}` })
  }
  return errors
}

/** What is sent is signed, not encrypted: plain http is for this machine only. */
function urlFault(url: string): string | undefined {
  const match = /^(https?):\/\/(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?([/?][^\s#]*)?$/.exec(url)
  if (match === null) return 'must be an https URL without user, password or fragment'
  const [, scheme, host = ''] = match
  return scheme === 'https' || LOCAL.includes(host) ? undefined : 'must be https (http for this machine only)'
}
