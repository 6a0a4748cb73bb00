/**
 * sssp — asks Sophos' SAVDI about the folder of a mail's parts.
 *
 * Greeting `OK SSSP/1.0`; a request is accepted by `ACC`; events and findings follow, and `DONE` and an empty line end
 * it. What came is read by the rules of the entry (`DONE OK`, `VIRUS name file`). Source: spec/daemon, ask_daemon.
 */
import type {ScanFiles} from '../files.ts'
import {type DaemonLine, Dialogue, unexpected} from './dialogue.ts'

const OPTIONS = [
  'SSSP/1.0 OPTIONS',
  'report:all',
  'savigrp:GrpArchiveUnpack 1',
  'savists:Mime 1',
  '',
  '',
].join('\r\n')

/**
 * What the daemon says of the folder.
 * @throws Error when it does not answer, or refuses
 */
export async function askSssp({folder}: ScanFiles, line: DaemonLine): Promise<string> {
  const dialogue = await Dialogue.begin(line)
  let bye: string | undefined
  try {
    const greeting = await dialogue.line()
    if (!/^OK SSSP\/1\.0/.test(greeting)) throw unexpected(greeting)
    await request(dialogue, OPTIONS)
    const output = await request(dialogue, `SSSP/1.0 SCANDIRR ${encodeURI(folder)}\r\n`)
    bye = 'BYE\r\n'
    return output
  } finally {
    dialogue.close(bye)
  }
}

/** All lines from `ACC` to the empty one after `DONE`. */
async function request(dialogue: Dialogue, text: string): Promise<string> {
  await dialogue.write(text)
  const accepted = await dialogue.line()
  if (!/^ACC\b/.test(accepted)) throw unexpected(accepted)
  const lines: string[] = []
  for (let isDone = false; ; ) {
    const line = await dialogue.line()
    if (line === '' && isDone) return `${lines.join('\n')}\n`
    lines.push(line)
    isDone ||= /^DONE\b/.test(line)
  }
}
