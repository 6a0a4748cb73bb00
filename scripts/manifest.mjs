/**
 * manifest — writes oclif.manifest.json, from which oclif finds a command without loading the others.
 */
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {Plugin} from '@oclif/core'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const plugin = new Plugin({root, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true})
await plugin.load()
writeFileSync(path.join(root, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest, null, 2)}\n`)
