import { commandMetadata, deciderSpec } from '#libs/testing'
import { DisposeFinding, RecordAuditRead } from './audit.commands.js'
import { auditReadDecider, findingDecider } from './audit.decider.js'

describe('A finding', () => {
  const ID = '0b1e0a3a-0000-4000-8000-000000000001'
  const finding = { question: 'duties-not-separated', record: 'CHG0000001', persons: ['lea'] }
  const wish = { ...finding, disposition: 'justified', comment: 'One person on call' } as const
  const spec = deciderSpec(findingDecider)
  const dispose = (data: Partial<DisposeFinding['data']> = {}, actor = 'audrey') =>
    new DisposeFinding(ID, { ...wish, ...data }, commandMetadata({ actor }))

  it('is judged, and judged otherwise later; the same verdict twice says nothing new', () => {
    spec.given().when(dispose()).thenEvents({ type: 'FindingDisposed', data: wish })
    const judged = spec.given({ type: 'FindingDisposed', data: wish })
    judged.when(dispose({ comment: ' One person on call ' })).thenNothing()
    judged.when(dispose({ disposition: 'deficiency' })).thenTypes('FindingDisposed')
  })

  it('is judged by nobody who has a part in it, and never without a word', () => {
    spec.given().when(dispose({}, 'lea')).thenRefused('AUDIT.OWN_FINDING')
    spec
      .given()
      .when(dispose({ comment: ' ' }))
      .thenRefused('AUDIT.NO_COMMENT')
  })
})

describe('Reading audit data', () => {
  it('is recorded each time', () => {
    const spec = deciderSpec(auditReadDecider)
    const data = { what: 'findings', query: '', rows: 3, form: 'json' } as const
    spec
      .given({ type: 'AuditDataRead', data })
      .when(new RecordAuditRead('audrey', data, commandMetadata()))
      .thenEvents({ type: 'AuditDataRead', data })
  })
})
