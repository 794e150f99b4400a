/** What a program did to its files and said on standard output, in order. */
export type FileOperation =
  | { kind: 'create'; path: string }
  | { kind: 'unlink'; path: string }
  | { kind: 'write'; path: string; offset: number; data: Buffer }
  | { kind: 'truncate'; path: string; length: number }
  /** Of a file or of a folder. */
  | { kind: 'sync'; path: string }
  | { kind: 'output'; text: string }

/** The calls to record: every one by which a file can change or be made durable. */
const TRACED_CALLS =
  'openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync,syncfs,sync_file_range,ftruncate,truncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,link,linkat'

/** Arguments for strace(1): all threads, paths beside descriptors, all strings in full and in hexadecimal. */
export const STRACE_OPTIONS = ['-f', '-y', '-xx', '-s', '100000000', '-e', `trace=${TRACED_CALLS}`]

/**
 * Reads what strace recorded with {@link STRACE_OPTIONS}.
 * @param folder operations elsewhere are left out; so are `-shm` files, which SQLite rebuilds after a crash
 * @throws Error on a call inside the folder that is not understood: a gap in the record would prove nothing
 */
export function parseTrace(trace: string, folder: string): FileOperation[] {
  const concerns = (path: string) =>
    (path === folder || path.startsWith(`${folder}/`)) && !path.endsWith('-shm')
  return [...completeCalls(trace)].flatMap((call) => operation(call, concerns) ?? [])
}

interface SystemCall {
  name: string
  arguments: string
  result: number
}

/** Joins the halves of calls during which another thread made one. */
function* completeCalls(trace: string): Generator<SystemCall> {
  const unfinished = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (thread === undefined || rest === undefined) continue
    if (rest.endsWith(' <unfinished ...>')) {
      unfinished.set(thread, rest.slice(0, -' <unfinished ...>'.length))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const whole = resumed ? `${unfinished.get(thread) ?? ''}${resumed[1]}` : rest
    const call = /^(\w+)\((.*)\) += (-?\d+)/.exec(whole)
    if (call) yield { name: call[1]!, arguments: call[2]!, result: Number(call[3]) }
  }
}

function operation(
  { name, arguments: list, result }: SystemCall,
  concerns: (path: string) => boolean,
): FileOperation | FileOperation[] | undefined {
  if (result < 0) return undefined
  const target = descriptor(list)
  if (name === 'write' && target?.number === 1) {
    return { kind: 'output', text: firstString(list).toString('utf8') }
  }
  const paths = target === undefined ? strings(list).map(String) : [target.path]
  const path = paths.find(concerns)
  if (path === undefined) return undefined
  switch (name) {
    case 'open':
    case 'openat':
      return opened(path, list)
    case 'unlink':
    case 'unlinkat':
      return { kind: 'unlink', path }
    case 'pwrite64':
      return {
        kind: 'write',
        path,
        offset: lastNumber(list),
        data: firstString(list).subarray(0, result),
      }
    case 'ftruncate':
      return { kind: 'truncate', path, length: lastNumber(list) }
    case 'fsync':
    case 'fdatasync':
      return { kind: 'sync', path }
    default:
      throw new Error(`The model of the disk does not know ${name} of ${path}`)
  }
}

function opened(path: string, flags: string): FileOperation[] {
  if (!flags.includes('O_CREAT')) return []
  return flags.includes('O_TRUNC')
    ? [
        { kind: 'create', path },
        { kind: 'truncate', path, length: 0 },
      ]
    : [{ kind: 'create', path }]
}

/** The file behind a call's first argument, unless that is a path or the working folder. */
function descriptor(list: string): { number: number; path: string } | undefined {
  const [, number, path] = /^(\d+)<([^>]*)>/.exec(list) ?? []
  return path === undefined ? undefined : { number: Number(number), path: bytes(path).toString('utf8') }
}

function strings(list: string): Buffer[] {
  return [...list.matchAll(/"([^"]*)"/g)].map(([, text]) => bytes(text!))
}

function firstString(list: string): Buffer {
  const start = list.indexOf('"') + 1
  return bytes(list.slice(start, list.indexOf('"', start)))
}

function lastNumber(list: string): number {
  return Number(/(\d+)$/.exec(list)?.[1])
}

function bytes(text: string): Buffer {
  return text.startsWith('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex') : Buffer.from(text)
}
