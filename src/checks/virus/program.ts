/**
 * program — a scanner that is a program: run for each mail over its parts as files.
 *
 * Without a shell, in a process group of its own that is killed with all its members at the deadline, or when it says
 * more than anybody reads. What it writes to either output is read by the rules of its entry.
 */
import {errorText} from '../../errors.ts'
import {runProgram} from '../../process/run-program.ts'
import {combineAnswers, failed, type ScannerAnswer} from './answer.ts'
import {commandLines} from './command-line.ts'
import type {ProgramEntry} from './entries.ts'
import {readOutput} from './reading.ts'
import type {Ask, ScanSubject} from './scanner.ts'

export interface ProgramDeps {
  /** for it: $path, $MYHOME, $TEMPBASE */
  readonly environment: Readonly<Record<string, string>>
  readonly report: (failure: string | undefined) => void
}

export function programScanner(entry: ProgramEntry, {environment, report}: ProgramDeps): Ask {
  const {file, args, cwd, rules} = entry
  return {
    close() {},
    async scan({files, settings, log}: ScanSubject, timeoutMs: number): Promise<ScannerAnswer> {
      const deadline = performance.now() + timeoutMs
      const answers: ScannerAnswer[] = []
      try {
        const written = await files()
        for (const line of commandLines(args, written)) {
          const said = await runProgram(file, line, {
            cwd: cwd ?? written.folder,
            env: environment,
            timeoutMs: Math.max(1, deadline - performance.now()),
          })
          if (log.enabled(5)) {
            const heard =
              typeof said === 'string' ? said : `exit ${said.status}, "${said.output.slice(0, 300)}"`
            log.write(5, `run_av (${entry.name}) ${[file, ...line].join(' ')}: ${heard}`)
          }
          const answer = typeof said === 'string' ? failed(said) : readOutput(said, rules, settings)
          answers.push(answer)
          if (answer.kind === 'failed') break
        }
      } catch (error) {
        answers.push(failed(errorText(error)))
      }
      const answer = combineAnswers(answers)
      report(answer.kind === 'failed' ? answer.reason : undefined)
      return answer
    },
  }
}
