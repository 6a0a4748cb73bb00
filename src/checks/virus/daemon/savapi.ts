/**
 * savapi — asks Avira's SAVAPI daemon about each file of a mail.
 *
 * Greeting 100; `SET PRODUCT id`, which is answered by 100; then `SCAN file` for each. 1xx tells of what goes on, 310
 * and 420 name a finding, anything else ends the answer (200, 210, 319, an error). A finding ends the conversation: the
 * mail is infected whatever the other files are. Source: spec/daemon, ask_daemon.
 */
import path from 'node:path'
import type {ScanFiles} from '../files.ts'
import {type DaemonLine, Dialogue, unexpected} from './dialogue.ts'

/**
 * @param product what it is licensed as; undefined: the daemon need not know
 * @returns what the daemon says of each file, in order, to the first with a finding.
 * @throws Error when it does not answer
 */
export async function askSavapi(
  {folder, names}: ScanFiles,
  line: DaemonLine,
  product: string | undefined,
): Promise<string[]> {
  const dialogue = await Dialogue.begin(line)
  let quit: string | undefined
  try {
    expectReady(await dialogue.line())
    if (product !== undefined) {
      await dialogue.write(`SET PRODUCT ${product}\n`)
      expectReady(await dialogue.line())
    }
    const outputs: string[] = []
    for (const name of names) {
      await dialogue.write(`SCAN ${path.join(folder, name)}\n`)
      const output = await answer(dialogue)
      outputs.push(output)
      if (FINDING.test(output)) break
    }
    quit = 'QUIT\n'
    return outputs
  } finally {
    dialogue.close(quit)
  }
}

const FINDING = /^(?:310|420)/m

async function answer(dialogue: Dialogue): Promise<string> {
  const lines: string[] = []
  for (;;) {
    const line = await dialogue.line()
    lines.push(line)
    if (!/^1\d\d/.test(line)) return `${lines.join('\n')}\n`
  }
}

function expectReady(line: string): void {
  if (!/^100\b/.test(line)) throw unexpected(line)
}
