import { existsSync } from 'node:fs'
import { candidatesReport } from './candidate-precision.js'
import { linksOf, readIncidentLog } from './incident-log.js'
import { failuresReport, retrievalReport } from './report.js'
import { askAll } from './retrieval.js'
import { scenarioReport } from './scenario.js'

/**
 * `npm run bench:correlation`: how well the correlation finds what people linked, in an export of incidents that the project does not
 * ship (`UCI_INCIDENT_LOG`: its CSV, gzipped or not), and on a made-up scenario, for signals that those data do not have.
 */
const path = process.env.UCI_INCIDENT_LOG ?? ''
const print = (lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n\n`)

if (existsSync(path)) {
  const rows = readIncidentLog(path)
  const links = linksOf(rows)
  const answers = askAll(rows, links)
  print(retrievalReport(rows, links, answers))
  print(failuresReport(answers))
  print(candidatesReport(rows, links))
} else print(['UCI_INCIDENT_LOG names no file: nothing is measured against links that people made.'])
print(scenarioReport())
