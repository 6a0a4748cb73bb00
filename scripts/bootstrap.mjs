#!/usr/bin/env node
/**
 * bootstrap — everything between a fresh clone and a running program.
 *
 * Installs what package-lock.json names when it changed since the last install, builds when a source
 * is newer than the last build, and runs the rest with the Node that the lock file pins. Written in the
 * syntax of Node 18, because that is what a fresh machine may have.
 *
 *   node scripts/bootstrap.mjs build | check | format | test [FILE…] | test:conformance [NAME…] | test:interop [NAME…] | demo […]
 */
import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {findRuntime} from '../bin/runtime.js'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const inRoot = (...parts) => path.join(root, ...parts)

function fail(message) {
  process.stderr.write(`amavis: ${message}\n`)
  process.exit(1)
}

/** Run a command to its end with our streams; a failure ends this script with the same status. */
function run(command, args, {stdout = 'inherit', env = process.env} = {}) {
  const result = spawnSync(command, args, {cwd: root, stdio: ['inherit', stdout, 'inherit'], env})
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`)
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** npm's own script where npm started us, so that its version and settings are the ones in use. */
function npm(args) {
  const env = {...process.env}
  delete env.NODE_ENV // "production" would leave out the compiler
  const script = process.env.npm_execpath
  // Installation talk goes to stderr: stdout belongs to the command that was asked for.
  if (script && /\.c?js$/.test(script)) run(process.execPath, [script, ...args], {stdout: 2, env})
  else run('npm', args, {stdout: 2, env})
}

function install() {
  const stampFile = inRoot('node_modules', '.amavis-stamp')
  const stamp = createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  npm(['ci', '--include=dev', '--include=optional', '--no-fund', '--no-audit'])
  writeFileSync(stampFile, stamp)
}

function runtime() {
  const found = findRuntime(root)
  if ('error' in found) fail(found.error)
  return found.node
}

/** Newest change below a folder, in ms; removed files show as a change of their folder. */
function newest(file) {
  const info = statSync(file, {throwIfNoEntry: false})
  if (!info) return 0
  if (!info.isDirectory()) return info.mtimeMs
  return readdirSync(file).reduce((max, name) => Math.max(max, newest(path.join(file, name))), info.mtimeMs)
}

/** Compiled files whose source has gone would still be found as commands and tests. */
function pruneStale(folder) {
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) pruneStale(file)
    else if (entry.name.endsWith('.js')) {
      const source = inRoot(path.relative(inRoot('dist'), file)).slice(0, -3)
      if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(file)
    }
  }
}

function build() {
  const node = runtime()
  const stampFile = inRoot('dist', '.built')
  const sources = [
    'src',
    'test',
    'scripts',
    'man/amavis.8.in',
    'man/amavis.conf.5.in',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ].map(name => inRoot(name))
  const changed = Math.max(...sources.map(newest))
  const whole = [stampFile, inRoot('dist', 'bundle'), inRoot('dist', 'src')].every(name => existsSync(name))
  if (whole && statSync(stampFile).mtimeMs >= changed) return node
  mkdirSync(inRoot('dist'), {recursive: true})
  run(node, [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-p', root])
  for (const name of ['src', 'test']) pruneStale(inRoot('dist', name))
  run(node, [inRoot('scripts', 'bundle.mjs')])
  run(node, [inRoot('scripts', 'manifest.mjs')])
  run(node, [inRoot('scripts', 'man.mjs')])
  writeFileSync(stampFile, '')
  return node
}

/** Compiled test files: those of the named folders, or all but the ones that need other things installed. */
function testFiles(folders) {
  const special = ['conformance', 'interop']
  const found = []
  const walk = folder => {
    for (const entry of readdirSync(folder, {withFileTypes: true})) {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) walk(file)
      else if (entry.name.endsWith('.test.js')) found.push(file)
    }
  }
  const tests = inRoot('dist', 'test')
  for (const folder of folders ?? readdirSync(tests).filter(name => !special.includes(name))) {
    const full = path.join(tests, folder)
    if (existsSync(full) && statSync(full).isDirectory()) walk(full)
    else if (full.endsWith('.test.js') && existsSync(full)) found.push(full)
  }
  return found.sort()
}

/** Files run side by side. Node's own choice is one less; but those that start daemons wait more than they work. */
const FILES_AT_ONCE = Math.max(2, os.availableParallelism?.() ?? os.cpus().length)

function test(node, files, atOnce = FILES_AT_ONCE) {
  if (files.length === 0) fail('no test files found')
  const reporters = ['spec', inRoot('scripts', 'skipped.mjs')].flatMap(reporter => [
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
  ])
  run(node, ['--test', ...reporters, `--test-concurrency=${atOnce}`, '--test-timeout=300000', ...files])
}

const [task, ...args] = process.argv.slice(2)
install()
const biome = inRoot('node_modules', '@biomejs', 'biome', 'bin', 'biome')
switch (task) {
  case 'build':
    build()
    break
  case 'check':
    build()
    run(process.execPath, [biome, 'ci', '--error-on-warnings', '.'])
    break
  case 'format':
    run(process.execPath, [biome, 'check', '--write', '.'])
    break
  case 'test': {
    const node = build()
    const named = args.map(name =>
      path.relative(
        inRoot('dist', 'test'),
        path.resolve(root, name.replace(/^test\//, 'dist/test/').replace(/\.tsx?$/, '.js')),
      ),
    )
    test(node, testFiles(args.length > 0 ? named : undefined))
    break
  }
  case 'test:conformance':
    test(
      build(),
      testFiles(args.length > 0 ? args.map(name => `conformance/${name}.test.js`) : ['conformance']),
    )
    break
  case 'test:interop': // real servers have fixed ports
    test(build(), testFiles(args.length > 0 ? args.map(name => `interop/${name}.test.js`) : ['interop']), 1)
    break
  case 'demo':
    run(build(), [inRoot('bin', 'amavis.js'), 'demo', ...args])
    break
  default:
    fail(
      'usage: bootstrap.mjs build | check | format | test [FILE…] | test:conformance [NAME…] | test:interop [NAME…] | demo […]',
    )
}
