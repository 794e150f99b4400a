// Which end-to-end and figures' tests run in scale-out, too: `node .ci/scale-out.mjs` prints their paths. All of them run embedded.
// What a test is about decides: what its answers owe to the stores, to processes apart or to who is first is repeated there, what
// they owe to the program's own rules and forms is not, as nothing of it differs. A file costs four times there what it costs
// embedded, so of those that owe the same, one is repeated in each run and stands for the others (`CI_WHOLE=1`: all are repeated).
// `E2E_SHAPE=scale-out npx jest test/e2e` runs all.

/** Repeated in each run, and for the sake of what. */
export const IN_SCALE_OUT = {
  'test/e2e/scale-out.spec.ts': 'the shape itself: processes by role, restarts, stores that are away',
  'test/e2e/changes.spec.ts': 'policies of another process; one stream against another',
  'test/e2e/configuration-history.spec.ts': 'both time axes, walks and differences from the read store',
  'test/e2e/idempotency.spec.ts': 'who is first in the event store, and what it remembers',
  'test/e2e/lifecycle.spec.ts': 'who is first; timers of another process; attachments',
  'test/e2e/live-queue.spec.ts': 'rows that another process writes; what a queue has after a cut',
  'test/e2e/mail.spec.ts': 'files in the blob store; who is first; an outbox elsewhere',
  'test/e2e/problem-candidates.spec.ts': 'found by another process, and opened by a policy of a third',
  'test/e2e/queues.spec.ts': 'counts and pages from the read store, now and then',
  'test/e2e/reading.spec.ts': 'filters, orders, pages and the past from the read store',
  'test/e2e/rights-in-the-past.spec.ts': 'what a filter of the read store hides, now and then',
  'test/e2e/search.spec.ts': 'the search of the read store',
  'test/figures/imported-history.spec.ts': 'a long import into both stores, and figures from them',
}

/** Repeated with `CI_WHOLE=1`: which one stands for it in each run, and in what. */
export const STOOD_FOR = {
  'test/e2e/audit.spec.ts': {
    by: 'test/e2e/changes.spec.ts',
    in: 'findings in the read store, judged by a policy of another process: rows that policies there write, and their past',
  },
  'test/e2e/bulk-by-filter.spec.ts': {
    by: 'test/e2e/queues.spec.ts',
    in: 'a filter of the read store, and a thousand appends',
  },
  'test/e2e/changes-reads.spec.ts': {
    by: 'test/e2e/reading.spec.ts',
    in: 'lists and the past from the read store',
  },
  'test/e2e/forensics.spec.ts': {
    by: 'test/e2e/configuration-history.spec.ts',
    in: 'walks and counts at a point of both time axes, from the read store',
  },
  'test/e2e/many-comments.spec.ts': {
    by: 'test/e2e/idempotency.spec.ts',
    in: 'who is first, of many at once, on one stream',
  },
  'test/e2e/notifications.spec.ts': { by: 'test/e2e/mail.spec.ts', in: 'an outbox in another process' },
  'test/e2e/problems.spec.ts': {
    by: 'test/e2e/changes.spec.ts',
    in: 'policies of another process, on the streams of other records',
  },
  'test/e2e/restricted-changes.spec.ts': {
    by: 'test/e2e/rights-in-the-past.spec.ts',
    in: 'what the read store hides',
  },
  'test/e2e/restricted-problems.spec.ts': {
    by: 'test/e2e/rights-in-the-past.spec.ts',
    in: 'what the read store hides',
  },
  'test/e2e/webhooks.spec.ts': {
    by: 'test/e2e/mail.spec.ts',
    in: 'an outbox in another process, and what it was told to send again',
  },
  'test/figures/configuration-history.spec.ts': {
    by: 'test/figures/imported-history.spec.ts',
    in: 'a long import into both stores',
  },
}

/** Not repeated, and why nothing is lost. */
export const EMBEDDED_ONLY = {
  'test/e2e/alerts.spec.ts': 'rules of deciders and policies; its lists are filters like others',
  'test/e2e/approvals.spec.ts': 'rules of a decider; approvals as part of changes are repeated',
  'test/e2e/audit-evidence.spec.ts': 'a file made of events, which the contract of event stores gives alike',
  'test/e2e/canary.spec.ts':
    'every GET for what is nobody’s business: made by fields of answers, not by stores',
  'test/e2e/change-year.spec.ts': 'a data folder of its own, always',
  'test/e2e/command-line.spec.ts': 'about a data folder',
  'test/e2e/configuration.spec.ts': 'rules of deciders, and the form of requests',
  'test/e2e/demo.spec.ts': 'a data folder of its own, always',
  'test/e2e/directory.spec.ts': 'lists that are filters like others',
  'test/e2e/major-incidents.spec.ts': 'rules of a decider',
  'test/e2e/projections.spec.ts': 'a moment of a rebuild, which processes tell each other of once a second',
  'test/e2e/requester-view.spec.ts': 'fields of answers; its filters are those of other lists',
  'test/e2e/rights.spec.ts': 'roles at endpoints: decided before any store is asked',
  'test/e2e/saved-filters.spec.ts': 'the form of requests; the filters are those of other lists',
  'test/e2e/settings.spec.ts': 'the form of requests, and rules of deciders',
  'test/e2e/sign-in.spec.ts': 'tokens, and one decider',
  'test/e2e/starting.spec.ts': 'starts programs of its own, in both shapes already',
  'test/figures/export-figures.spec.ts': 'mappings of sources; a long import is repeated',
  'test/figures/problem-log.spec.ts': 'a mapping of a source; a long import is repeated',
}

if (process.argv[1] === import.meta.filename)
  process.stdout.write(`${Object.keys(IN_SCALE_OUT).join('\n')}\n`)
