import { removeCopies } from './data-folders.js'
import { measureAlerts } from './measure-alerts.js'
import { measureArrival } from './measure-arrival.js'
import { measureBeside } from './measure-beside.js'
import { measureCatchUp } from './measure-catch-up.js'
import { measureCmdb } from './measure-cmdb.js'
import { measureCorrelation } from './measure-correlation.js'
import { measureDesk } from './measure-desk.js'
import { measureMemory } from './measure-memory.js'
import { measureOpening } from './measure-opening.js'
import { measurePages } from './measure-pages.js'
import { measurePublish } from './measure-publish.js'
import { measureRebuild } from './measure-rebuild.js'
import { measureSearch } from './measure-search.js'
import { measureShapes } from './measure-shapes.js'
import { measureVisible } from './measure-visible.js'
import { readOptions, type Section } from './options.js'
import { Report } from './report.js'

const options = readOptions(process.argv.slice(2))
const report = new Report(options)
const measures: Record<Section, (report: Report, given: typeof options) => Promise<void>> = {
  open: measureOpening,
  beside: measureBeside,
  visible: measureVisible,
  pages: measurePages,
  search: measureSearch,
  rebuild: measureRebuild,
  memory: measureMemory,
  desk: measureDesk,
  'catch-up': measureCatchUp,
  shapes: measureShapes,
  publish: measurePublish,
  cmdb: measureCmdb,
  arrival: measureArrival,
  alerts: measureAlerts,
  correlation: measureCorrelation,
}
try {
  for (const section of options.sections) {
    console.error(section)
    await measures[section](report, options)
  }
} finally {
  removeCopies()
  if (report.figures.length > 0) {
    report.write(options.out)
    process.stdout.write(`${report.table()}\n\nwritten to ${options.out}\n`)
  }
}
