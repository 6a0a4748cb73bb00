/** master-entry — where the program of the master is, for those who start one. */
import {fileURLToPath} from 'node:url'

export const MASTER_ENTRY = fileURLToPath(new URL('master-main.js', import.meta.url))
