// Puts each program of a fresh build together with all that it loads, where it stands: `node build/bundle.mjs [folder of dist]`, the
// last part of `npm run build`. To load a thousand small files, for each thread anew, took two thirds of a server's start.
import { readdirSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { build } from 'esbuild'
import { circles } from './circles.mjs'

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const dist = join(root, 'dist')
const shared = 'loaded'
const threads = readdirSync(join(dist, 'src/runtime')).filter((name) => name.endsWith('-thread.js'))
const programs = [
  'src/main.js',
  'src/cli.js',
  ...threads.map((name) => `src/runtime/${name}`),
  'libs/testing/eventstoredb/double-process.js',
].map((path) => join(dist, path))

/**
 * Files that import each other in a circle may run in another order than Node's, and find each other's classes undefined. In
 * these, each makes use of the others only when it is called.
 */
const HARMLESS = [
  '@nestjs/common/index.js',
  'csv-parse/lib/api/index.js',
  'dist/libs/platform/validation/decorators.js',
]

/** A file that asks where it stands, to find others, is told where it stood. */
const places = {
  name: 'places',
  setup(bundle) {
    bundle.onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(`${dist}/`)) return undefined
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta.url')) return undefined
      if (programs.includes(path)) throw new Error(`${path} is a program: it can't be told where it stood`)
      const place = JSON.stringify(relative(join(dist, shared), path))
      const contents = text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`)
      return { contents, resolveDir: dirname(path) }
    })
  },
}

/** Its module needs the class of this file, which asks for one error by way of all files. */
const commandBus = {
  name: 'command-bus',
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\/index\.js$/ }, ({ importer, resolveDir }) =>
      importer.endsWith('@nestjs/cqrs/dist/command-bus.js')
        ? { path: join(resolveDir, 'exceptions/index.js') }
        : undefined,
    )
  },
}

/**
 * What esbuild calls for each function, each time one is made, to keep its name. To define that of one that has it already took a
 * request a tenth longer.
 */
const defineName = '__defProp(target, "name", { value, configurable: true })'
const defineNameIfLost = `target.name === value ? target : ${defineName}`

const { metafile, outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: programs,
  outbase: dist,
  outdir: dist,
  allowOverwrite: true,
  chunkNames: `${shared}/[hash]`,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Names of classes and functions show in messages, and tell Nest's modules apart
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  // Before any class with decorators, in whatever order files are put together
  inject: ['reflect-metadata'],
  external: [
    // Native code, or looked up as files
    '@photostructure/sqlite',
    'snappy',
    'swagger-ui-dist',
    // Nest asks whether they are there
    '@nestjs/microservices',
    '@nestjs/platform-express',
    '@nestjs/websockets',
    '@fastify/static',
    '@fastify/view',
  ],
  // Packages of the older kind ask for Node's own modules by `require`
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  plugins: [places, commandBus],
  metafile: true,
  write: false,
  logLevel: 'warning',
})
const harmful = circles(metafile.inputs).filter(
  (files) => !files.some((file) => HARMLESS.some((end) => file.endsWith(end))),
)
if (harmful.length > 0) {
  const told = harmful.map((files) => files.join('\n    ')).join('\n  ')
  throw new Error(`These import each other in a circle, and would run in an order of their own:\n  ${told}`)
}

let definitions = 0
for (const { path, text } of outputFiles) {
  const named = text.replace(defineName, defineNameIfLost)
  if (named !== text) definitions++
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, named)
}
if (definitions !== 1)
  throw new Error(`esbuild keeps names in another way than was known: ${definitions} definitions`)
