import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ImportMapping, parseMapping } from '../../src/imports/mapping.js'

/**
 * Small files in the forms of exports that may not be shipped: their columns, oddities and ways of speaking, with values
 * of our own.
 */

function shipped(name: string): ImportMapping {
  return parseMapping(readFileSync(join(__dirname, `../../src/imports/mappings/${name}.yaml`), 'utf8'))
}

export const APPLICATION_SUPPORT = shipped('application-support-incidents')
export const HELPDESK_LOG = shipped('helpdesk-activity-log')
export const BANK_INCIDENTS = shipped('bank-incidents')
export const VINST_PROBLEMS = shipped('vinst-problems')

const APPLICATION_SUPPORT_ROW = {
  global_ttr_seconds: '3600',
  appl_tier: 'Gold',
  priority: 'Priority 3',
  sla_stage: 'Completed',
  breached_reason_code: '',
  contact_type: 'chat',
  caller_requester_region: 'NORTH',
  label: 'English',
  rgn_nm: '',
  prod_appl_name: 'PAYROLL-PROD',
  appl_environment: 'Production',
  assignment_group_company: 'VENDOR 1',
  assignment_group: 'PAY SUPPORT',
  team: 'First Aid',
  dv_u_coe: '',
  dv_u_region: '',
  dv_u_zcode: 'Z1',
  inc_close_code: 'Restart',
  csat_completed: '',
  csat_score: '',
  inc_ka_flag: '0',
  kcs_solution: '',
  primary_product_line: 'Payroll',
  parent_bs_sub_product_line: '',
  plme: 'HR',
  cluster: 'APPS',
  reassignment_count: '0',
  reopened_flag: '0',
}
export type ApplicationSupportRow = Partial<typeof APPLICATION_SUPPORT_ROW>

/** Lines of a file, header first; cells with a comma are quoted. */
export function applicationSupport(...rows: ApplicationSupportRow[]): string[] {
  const line = (cells: readonly string[]) =>
    cells.map((cell) => (cell.includes(',') ? `"${cell}"` : cell)).join(',')
  return [
    line(Object.keys(APPLICATION_SUPPORT_ROW)),
    ...rows.map((row) => line(Object.values({ ...APPLICATION_SUPPORT_ROW, ...row }))),
  ]
}

const HELPDESK_HEADER =
  'Case ID,Activity,Resource,Complete Timestamp,Variant,Variant index,Variant,seriousness,customer,product,responsible_section,seriousness_2,service_level,service_type,support_section,workgroup'

export interface HelpdeskActivity {
  ticket: string
  activity: string
  resource?: string
  /** Local, `yyyy/MM/dd HH:mm:ss`. */
  at: string
  seriousness?: string
  serviceLevel?: string
  workgroup?: string
}

/** Lines of a file, header first. */
export function helpdeskLog(...activities: HelpdeskActivity[]): string[] {
  return [
    HELPDESK_HEADER,
    ...activities.map(
      ({
        ticket,
        activity,
        resource = 'R 1',
        at,
        seriousness = 'S 1',
        serviceLevel = 'L 1',
        workgroup = 'W 1',
      }) =>
        `${ticket},${activity},${resource},${at}.000,Way 7,7,Way 7,S 0,Customer 5,Product 2,Section 1,${seriousness},${serviceLevel},Type 3,Support 4,${workgroup}`,
    ),
  ]
}

const BANK_ROW = {
  row: '1',
  ciName: 'WEB000001',
  ciTypeSubtype: 'application-Web Based Application',
  serviceComponent: 'WBS000001',
  kmNumber: 'KM0000001',
  impact: '4',
  urgency: '4',
  priority: '4',
  openTime: '2026-03-02 08:00:00',
  closeTime: '2026-03-02 10:30:00',
  reassignments: '0',
  reopened: '0',
  relatedInteractions: '1',
  relatedIncidents: '0',
  relatedChanges: '0',
  slaFailStudentRule: '0',
  closureCode: 'Software',
}
export type BankIncidentRow = Partial<typeof BANK_ROW>

/** Lines of a file, header first; its rows are numbered. */
export function bankIncidents(...rows: BankIncidentRow[]): string[] {
  return [
    Object.keys(BANK_ROW).join(','),
    ...rows.map((row, index) => Object.values({ ...BANK_ROW, row: String(index + 1), ...row }).join(',')),
  ]
}

const PROBLEM_ROW = {
  'Problem Number': '1-1000',
  'Problem Change Date+Time': '2026-03-02T09:00:00+01:00',
  'Problem Sub Status': 'In Progress',
  'Problem Status': 'Accepted',
  'Problem Latest Impact': 'Medium',
  'Problem Involved ST Org line 3': 'Line A',
  'Problem Involved ST Function Div': '',
  'Problem Involved Owner ST': 'T1 2nd',
  Product: 'PROD1',
  Country: 'se',
  'Problem Involved Action Owner Country': 'Sweden',
  'Problem Involved Action Owner First Name': 'José',
}
export type ProblemRow = Partial<typeof PROBLEM_ROW>
type ProblemColumn = keyof typeof PROBLEM_ROW

const STATUS: Record<string, string> = {
  'Awaiting Assignment': 'Queued',
  Closed: 'Completed',
  Cancelled: 'Completed',
  Unmatched: 'Unmatched',
}
const CLOSED_COLUMNS = Object.keys(PROBLEM_ROW) as ProblemColumn[]
/** The file of open problems has its columns in another order. */
const OPEN_COLUMNS = [
  ...CLOSED_COLUMNS.slice(0, 1),
  ...CLOSED_COLUMNS.slice(1, 5).reverse(),
  ...CLOSED_COLUMNS.slice(5),
]

/** A row of one problem: which, when (`dd HH:mm` of March 2026, in the source's zone), in which sub-status, and what else it says. */
export function problemRow(number: string, at: string, subStatus: string, more: ProblemRow = {}): ProblemRow {
  const [day, time] = at.split(' ')
  return {
    'Problem Number': number,
    'Problem Change Date+Time': `2026-03-${day}T${time}:00+01:00`,
    'Problem Sub Status': subStatus,
    'Problem Status': STATUS[subStatus] ?? 'Accepted',
    ...more,
  }
}

/** Bytes of a file in the form of `columns`: semicolons, CRLF, ISO-8859-1. */
export function problemLog(columns: 'closed' | 'open', ...rows: ProblemRow[]): Buffer {
  const order = columns === 'closed' ? CLOSED_COLUMNS : OPEN_COLUMNS
  const lines = rows.map((row) => order.map((column) => ({ ...PROBLEM_ROW, ...row })[column]).join(';'))
  return Buffer.from([order.join(';'), ...lines, ''].join('\r\n'), 'latin1')
}
