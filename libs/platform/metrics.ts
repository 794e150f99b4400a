import { Controller, Get } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { within } from '#libs/time-limit'
import { Answer, Endpoint } from './http-contract/index.js'

/** Gauges that prom-client names like counters, which `promtool check metrics` rejects. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** Shorter than Prometheus waits for an answer. */
const UPDATE_LIMIT_MS = 2_000

/** Stands for requests that no hook has seen. */
const NO_ROUTE: { url?: string; method?: string | string[] } = {}

interface Observer {
  observe(seconds: number): void
}

/** The server's Prometheus metrics. One instance for the application; threads report to the one that serves `/metrics`. */
export class Metrics {
  readonly registry = new Registry()
  readonly #beforeReading: (() => void | Promise<void>)[] = []
  readonly #observers = new WeakMap<object, Map<number, Observer>>()

  readonly httpRequestDuration = new Histogram({
    name: 'ledgerdesk_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [this.registry],
  })
  readonly appendDuration = new Histogram({
    name: 'ledgerdesk_append_duration_seconds',
    help: 'Time of one group commit, from taking the group to durable.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5],
    registers: [this.registry],
  })
  readonly appendGroupEvents = new Histogram({
    name: 'ledgerdesk_append_group_events',
    help: 'Events that one group commit made durable.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024],
    registers: [this.registry],
  })
  readonly projectionLag = new Gauge({
    name: 'ledgerdesk_projection_lag_seconds',
    help: 'Age of the oldest event that a projection has not handled; 0 when it is at the end of the log.',
    labelNames: ['projection'],
    registers: [this.registry],
  })
  readonly projectionParkedKeys = new Gauge({
    name: 'ledgerdesk_projection_parked_keys',
    help: 'Keys whose events wait behind one that could not be applied.',
    labelNames: ['projection'],
    registers: [this.registry],
  })
  readonly policyCommands = new Counter({
    name: 'ledgerdesk_policy_commands_total',
    help: 'Commands that policies sent, by outcome.',
    labelNames: ['policy', 'outcome'],
    registers: [this.registry],
  })

  readonly publishedEvents = new Counter({
    name: 'ledgerdesk_published_events_total',
    help: 'Events that this process has put on a topic.',
    labelNames: ['topic'],
    registers: [this.registry],
  })
  readonly publisherLag = new Gauge({
    name: 'ledgerdesk_publisher_lag_seconds',
    help: 'Age of the oldest event that has not reached its topic, told by the process that publishes it; 0 at the end of the log.',
    labelNames: ['topic'],
    registers: [this.registry],
  })
  readonly publisherState = new Gauge({
    name: 'ledgerdesk_publisher_state',
    help: '1 for the state that this process is in with a topic, 0 for the others.',
    labelNames: ['topic', 'state'],
    registers: [this.registry],
  })

  readonly notificationDeliveries = new Counter({
    name: 'ledgerdesk_notification_deliveries_total',
    help: 'Attempts of this process to deliver a notification: delivered, failed (tried again later, as long as there are attempts), refused for good.',
    labelNames: ['channel', 'outcome'],
    registers: [this.registry],
  })
  readonly notificationDeadLetters = new Gauge({
    name: 'ledgerdesk_notification_dead_letters',
    help: 'Notifications that were given up and not sent again since; every process that serves the API tells the same.',
    labelNames: ['channel'],
    registers: [this.registry],
  })
  readonly notificationsPending = new Gauge({
    name: 'ledgerdesk_notifications_pending',
    help: 'Notifications that are neither delivered nor given up; every process that serves the API tells the same.',
    labelNames: ['channel'],
    registers: [this.registry],
  })
  readonly notificationOldestPending = new Gauge({
    name: 'ledgerdesk_notification_oldest_pending_seconds',
    help: 'Time since the oldest pending notification was queued; 0 when none is pending.',
    labelNames: ['channel'],
    registers: [this.registry],
  })

  readonly queueListeners = new Gauge({
    name: 'ledgerdesk_queue_listeners',
    help: 'Streams of server-sent events that follow a queue through this process.',
    registers: [this.registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
    for (const name of MISNAMED) this.registry.removeSingleMetric(name)
  }

  /** Called before the metrics are read, to set gauges that are cheap to ask for and dear to keep. */
  beforeReading(update: () => void | Promise<void>): void {
    this.#beforeReading.push(update)
  }

  /** For `HttpAdapterOptions.onAnswer`. Routes by template, so that there are as many series as routes. */
  observeAnswer(request: FastifyRequest, reply: FastifyReply): void {
    const config = request.routeConfig ?? NO_ROUTE
    let byStatus = this.#observers.get(config)
    if (!byStatus) {
      byStatus = new Map()
      this.#observers.set(config, byStatus)
    }
    let observer = byStatus.get(reply.statusCode)
    if (!observer) {
      const method = config.url === undefined ? 'any' : String(config.method)
      observer = this.httpRequestDuration.labels(method, config.url ?? 'none', String(reply.statusCode))
      byStatus.set(reply.statusCode, observer)
    }
    observer.observe(reply.elapsedTime / 1000)
  }

  /** The text that Prometheus reads. */
  async text(): Promise<string> {
    const told = Promise.all(this.#beforeReading.map((update) => update()))
    // Whoever does not answer must not hide what all others can tell, above all when something is wrong.
    await within(UPDATE_LIMIT_MS, told, () => undefined)
    return this.registry.metrics()
  }
}

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Endpoint({
    summary: 'Metrics for Prometheus',
    roles: 'public',
    tag: 'operation',
    answer: { content: { 'text/plain': 'text' } },
  })
  async read(): Promise<Answer<string>> {
    return new Answer(await this.metrics.text(), {
      headers: { 'content-type': this.metrics.registry.contentType },
    })
  }
}
