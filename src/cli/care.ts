import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { INCOMING } from '#libs/blob-store/folder'
import { makeFolder, syncPath } from '#libs/durable-files'
import { InvalidInput, jsonCodec, Refused } from '#libs/event-sourcing'
import { checkThroughPort, type LogFinding } from '#libs/event-store'
import { backupLog, checkLog, UnsuitableLog } from '#libs/event-store/sqlite'
import { readConfiguration } from '#libs/platform/configuration'
import { eventUpcasters } from '../event-catalog.js'
import {
  areFiles,
  dataPaths,
  openBlobStore,
  openEventStore,
  type StoreSettings,
  storeSettings,
} from '../runtime/stores.js'
import { type AttachmentsChecked, checkAttachments } from './attachments-check.js'
import { print } from './output.js'
import { Progress } from './progress.js'

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Check the integrity of the log, then of the attachments that it names; exits with 1 and says what is wrong when ' +
        'something is not sound',
    )
    .action(async () => {
      const settings = await storeSettings(readConfiguration(process.env))
      const { name, findings } = areFiles(settings) ? await checkFile(settings) : await checkServer(settings)
      if (findings.length > 0) {
        tell(findings)
        const found = findings.length === 1 ? '1 finding' : `${findings.length} findings`
        print(`${found} in ${name}; its attachments were not looked at: they come after the log`)
        process.exitCode = 1
        return
      }
      print(`${name} is sound`)
      await tellAttachments(settings)
    })
}

/** Says whether the attachments are as the log names them; the process will exit with 1 when they are not. */
async function tellAttachments(settings: StoreSettings): Promise<void> {
  const { named, faulty, findings } = await attachmentsOf(settings)
  tell(findings)
  if (faulty > findings.length) print(`and ${faulty - findings.length} more`)
  print(
    `attachments that the log names: ${named}, ${faulty === 0 ? 'all whole' : `${faulty} of them not whole`}`,
  )
  process.exitCode = faulty === 0 ? 0 : 1
}

async function attachmentsOf(settings: StoreSettings): Promise<AttachmentsChecked> {
  const store = await openEventStore(settings, { readOnly: true })
  const progress = new Progress('attachments', 'attachments')
  const began = performance.now()
  try {
    const blobs = await openBlobStore(settings, { readOnly: true })
    try {
      return await checkAttachments(store, blobs, (done, of) => {
        const perSecond = (done * 1_000) / Math.max(1, performance.now() - began)
        progress.show(done / of, done, perSecond, (of - done) / perSecond)
      })
    } finally {
      await blobs.close()
    }
  } finally {
    progress.end()
    await store.close()
  }
}

function tell(findings: readonly LogFinding[]): void {
  for (const { rule, message } of findings) print(`${rule}: ${message}`)
}

interface Checked {
  name: string
  findings: LogFinding[]
}

async function checkFile(settings: StoreSettings): Promise<Checked> {
  const { log } = dataPaths(settings)
  return { name: log, findings: await checkLog(log, jsonCodec(eventUpcasters)) }
}

async function checkServer(settings: StoreSettings): Promise<Checked> {
  const store = await openEventStore(settings, { readOnly: true })
  try {
    return { name: `the log ${store.logId}`, findings: await checkThroughPort(store) }
  } finally {
    await store.close()
  }
}

/** @throws Refused when the data lie on servers: each has its own way of being copied, without a stop */
function requireFiles(settings: StoreSettings, what: string): void {
  if (areFiles(settings)) return
  throw new Refused(
    'BACKUP.ON_SERVERS',
    `${what} copies a data folder, but log and attachments are on servers here: back up EventStoreDB as its ` +
      'documentation says, then MongoDB with mongodump (attachments after the log that names them); read models need no ' +
      'backup. See docs/operations.md.',
  )
}

export function backupCommand(): Command {
  return new Command('backup')
    .description(
      'Copy log and attachments into a new folder, also while the server runs; read models are rebuilt from them. Exits ' +
        'with 1 when an attachment that the log names is not whole in the copy',
    )
    .argument('<folder>', 'target; must not hold a backup yet')
    .action(async (folder: string) => {
      const settings = await storeSettings(readConfiguration(process.env))
      requireFiles(settings, 'backup')
      const { log, blobs } = dataPaths(settings)
      const copy = join(folder, basename(log))
      if (existsSync(copy)) {
        const message = `${folder} holds a backup already: name another folder`
        throw new InvalidInput('BACKUP.TARGET_EXISTS', message)
      }
      if (!existsSync(log)) {
        throw new InvalidInput(
          'BACKUP.NO_LOG',
          `There is no log ${log}: LEDGERDESK_DATA_DIR names another folder`,
        )
      }
      mkdirSync(folder, { recursive: true })
      // Attachments are durable before the event that names them: copied after the log, none that it names is missing.
      await backupLog(log, copy)
      if (existsSync(blobs)) copyBlobs(blobs, join(folder, 'blobs'))
      print(`backed up to ${folder}; to restore: ledgerdesk restore ${folder}, into an empty data folder`)
      await tellAttachments({ dataDir: folder })
    })
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description(
      'Copy a backup into the data folder, which must hold no log; the read models are built from it. Exits with 1 when ' +
        'an attachment that the log names is not whole in it',
    )
    .argument('<folder>', 'what backup wrote')
    .action(async (folder: string) => {
      const settings = await storeSettings(readConfiguration(process.env))
      requireFiles(settings, 'restore')
      const { dataDir } = settings
      const { log, readModels, blobs } = dataPaths(settings)
      const saved = join(folder, basename(log))
      if (!existsSync(saved))
        throw new UnsuitableLog(`${folder} holds no backup: there is no ${basename(log)}`)
      // An old log's WAL beside another log would be taken for its own, and read models know another history.
      const there = [log, `${log}-wal`, readModels].find((path) => existsSync(path))
      if (there)
        throw new UnsuitableLog(
          `${there} is there already: name an empty LEDGERDESK_DATA_DIR, or move it away`,
        )
      makeFolder(dataDir)
      cpSync(saved, log)
      syncPath(log)
      if (existsSync(join(folder, 'blobs'))) copyBlobs(join(folder, 'blobs'), blobs)
      syncPath(dataDir)
      print(`restored to ${dataDir}; the next start builds the read models`)
      await tellAttachments(settings)
    })
}

/** Copies whole blobs and leaves those alone that are just arriving; durable when it returns. */
function copyBlobs(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (source) => basename(source) !== INCOMING })
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true }))
    syncPath(join(entry.parentPath, entry.name))
  syncPath(to)
}
