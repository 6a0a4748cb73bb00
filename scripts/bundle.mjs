/**
 * bundle — makes of the sources what runs: dist/bundle/, a file for each process, and the commands.
 *
 * Loading a module costs a fraction of a millisecond, and a child had 140 of them. Each entry is bundled by
 * itself, so that a process reads one file, and further ones only for what it loads with `await import()`;
 * commands share theirs. Packages stay where npm put them, but for those of `INLINED` and mailauth, of which there is
 * dist/bundle/mailauth/: what src/checks/mailauth/ takes of it, without the packages of `REPLACED`. Code imports that
 * as `#mailauth/NAME`, tests too.
 *
 * An entry is a source named `NAME-main.ts` (a process, started through src/process/program-file.ts) or
 * `quick-NAME.ts` (what bin/main.js does without oclif), and a file of src/commands/.
 */
import {globSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const folder = path.join(root, 'dist', 'bundle')

/** Packages of many small modules, which a screen waits for. They stay dependencies: tests use them, and their
 * licences come with them. */
const INLINED = ['ink', 'react', 'chalk']

/** What mailauth would load for things that we never ask it for, and what it gets instead. */
const REPLACED = ['joi', 'libmime', 'tldts', 'node:https']

/** CommonJS packages ask for Node's own modules; the name must be nobody else's. */
const REQUIRE =
  "import {createRequire as requireOf$} from 'node:module'; const require = requireOf$(import.meta.url)"

const {dependencies} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

const options = {
  absWorkingDir: root,
  outdir: folder,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  external: ['#mailauth/*'],
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
}

const found = pattern => globSync(pattern, {cwd: root}).sort()
const results = await Promise.all([
  ...found('src/**/{*-main,quick-*}.ts').map(entry =>
    build({...options, entryPoints: [entry], chunkNames: `${path.basename(entry, '.ts')}/[name]-[hash]`}),
  ),
  build({
    ...options,
    entryPoints: found('src/commands/**/*.ts'),
    outbase: 'src',
    chunkNames: 'shared/[name]-[hash]',
    packages: 'bundle',
    // Ink loads its developers' tools when $DEV says so, and only then
    external: [
      ...options.external,
      ...Object.keys(dependencies).filter(name => !INLINED.includes(name)),
      'react-devtools-core',
    ],
    define: {'process.env.NODE_ENV': '"production"'},
    banner: {js: REQUIRE},
  }),
  build({
    ...options,
    entryPoints: found('src/checks/mailauth/*.ts').filter(file => !file.endsWith('.d.ts')),
    outdir: path.join(folder, 'mailauth'),
    packages: 'bundle',
    alias: Object.fromEntries(
      REPLACED.map(name => [name, `./src/checks/mailauth/replaced/${name.replace('node:', '')}.ts`]),
    ),
    banner: {js: REQUIRE},
  }),
])

// What is there from earlier builds goes last: a daemon of theirs finds its entries all the time.
const made = new Set(
  results.flatMap(({metafile}) => Object.keys(metafile.outputs)).map(file => path.join(root, file)),
)
for (const entry of readdirSync(folder, {recursive: true, withFileTypes: true})) {
  const file = path.join(entry.parentPath, entry.name)
  if (entry.isFile() && !made.has(file)) rmSync(file)
}
