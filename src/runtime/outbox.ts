import type { FactSource } from '#libs/command-handling'
import { fact } from '#libs/event-sourcing'
import type { Closer, Configuration, Logger, Metrics } from '#libs/platform'
import { Announcements, webhooksInForce } from '../notifications/announcements.js'
import { Courier, type CourierOptions } from '../notifications/delivery/courier.js'
import type { DeliveryChannel } from '../notifications/delivery/delivery-channel.js'
import { WebhookChannel } from '../notifications/delivery/webhook-channel.js'
import { personAddress } from '../notifications/domain/notification.decider.js'
import { Outbox } from '../notifications/outbox.js'
import type { WriteSide } from './write-side.js'

type OutboxSettings = Pick<Configuration, 'smtpUrl' | 'mailFrom' | 'webhookSecrets' | 'publicUrl'>

/** Whether anybody can be told of anything: else the policies that would are not run at all. */
export function tellsAnybody({ smtpUrl, webhookSecrets }: OutboxSettings): boolean {
  return smtpUrl !== undefined || webhookSecrets.size > 0
}

/** Tells people, and sends mail, by the channels that are configured. */
export class ProcessOutbox extends Outbox {
  private constructor(
    readonly announcements: Announcements,
    readonly courier: Courier,
  ) {
    super()
  }

  static async open(
    settings: OutboxSettings,
    { eventStore, executor, facts, directory }: WriteSide,
    { logger, metrics }: { logger: Pick<Logger, 'warn'>; metrics: Pick<Metrics, 'notificationDeliveries'> },
  ): Promise<ProcessOutbox> {
    const { webhookSecrets: secrets, publicUrl } = settings
    const endpoints = async () => (await facts.answer(fact('settings-webhooks', webhooksInForce))).value
    const email = await mailChannel(settings, facts)
    const webhook = secrets.size > 0 ? new WebhookChannel({ secrets, endpoints }) : undefined
    const announcements = new Announcements({
      executor,
      facts,
      principal: (id) => directory.principal(id),
      email: email !== undefined,
      webhook: webhook !== undefined,
      publicUrl,
      logger,
    })
    const channels = { email, webhook }
    const onAttempt: CourierOptions['onAttempt'] = (channel, outcome) =>
      metrics.notificationDeliveries.inc({ channel, outcome })
    const maySee: CourierOptions['maySee'] = (head) => announcements.maySee(head)
    const courier = new Courier({ executor, eventStore, channels, logger, maySee, onAttempt })
    return new ProcessOutbox(announcements, courier)
  }

  closers(): Closer[] {
    return [{ name: 'outbox', close: () => this.courier.close() }]
  }
}

/** Its library is loaded only when there is a mail server. */
async function mailChannel(
  { smtpUrl, mailFrom }: OutboxSettings,
  facts: FactSource,
): Promise<DeliveryChannel | undefined> {
  if (smtpUrl === undefined || mailFrom === undefined) return undefined
  const { SmtpChannel } = await import('../notifications/delivery/smtp-channel.js')
  const addressOf = async (person: string) =>
    (await facts.answer(fact(`person-${person}`, personAddress))).value
  return new SmtpChannel({ url: smtpUrl, from: mailFrom, addressOf })
}
