/**
 * simple — daemons that are asked by one line and answer in words of their own.
 *
 * A query about the folder, or one for each file, each on a connection of its own; what the daemon says until it closes
 * (Sophie and Trophie: in one line) is read by the rules of the entry. Source: spec/daemon, ask_daemon.
 */
import path from 'node:path'
import type {ScanFiles} from '../files.ts'
import {type DaemonLine, Dialogue} from './dialogue.ts'

const LINE_SILENT_MS = 500

/** The queries that a template stands for: one for the folder, or one for each file. */
export function queriesFor(template: string, {folder, names}: ScanFiles): string[] {
  if (template.includes('{}/*')) {
    return names.map(name => template.replaceAll('{}/*', path.join(folder, name)).replaceAll('{}', folder))
  }
  const star = /(?<![^\s])\*(?![^\s])/
  if (star.test(template)) return names.map(name => template.replace(star, name).replaceAll('{}', folder))
  return [template.replaceAll('{}', folder)]
}

/**
 * What the daemon says to each query, in order.
 * @param isLine the answer is one line, and the connection may stay open
 * @throws Error when it does not answer
 */
export async function askSimple(
  queries: readonly string[],
  line: DaemonLine,
  isLine: boolean,
): Promise<string[]> {
  const outputs: string[] = []
  for (const query of queries) {
    const dialogue = await Dialogue.begin(line)
    try {
      await dialogue.write(query)
      // An answer about one file is one line, after which some daemons wait for the next query.
      const silentMs = queries.length > 1 ? LINE_SILENT_MS : undefined
      outputs.push(isLine ? `${await dialogue.line()}\n` : await dialogue.toEnd(silentMs))
    } finally {
      dialogue.close()
    }
  }
  return outputs
}
