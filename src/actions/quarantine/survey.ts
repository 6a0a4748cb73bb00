/**
 * survey — which files of the quarantine are meant, for some hundred of them at a time.
 */
import path from 'node:path'
import {errorText} from '../../errors.ts'
import {HeadReader, type ParseHead} from './heads.ts'
import {isBelow, type QuarantineFile, quarantineFiles} from './inventory.ts'
import {isMail, parseMarks} from './item.ts'
import {isMeant, mayBeMeant, needsReading, type Selection} from './select.ts'

export interface Surveyed {
  readonly file: QuarantineFile
  readonly isMeant: boolean
  /** why it cannot be said */
  readonly unreadable: string | undefined
}

/**
 * All files; what is no mail of ours is not meant.
 * @param root a real path
 * @throws when the folder cannot be read
 */
export async function* survey(root: string, selection: Selection): AsyncGenerator<readonly Surveyed[]> {
  const reader = new HeadReader()
  const isChosen: ParseHead<boolean> = needsReading(selection)
    ? (head, isAll) => {
        const marks = parseMarks(head, isAll)
        return marks === 'more' ? marks : marks !== undefined && isMeant(marks, selection)
      }
    : isMail
  for (const files of quarantineFiles(root)) {
    const [first] = files
    // all are of one folder
    const eligible =
      first && isBelow(root, first.name) ? files.filter(file => mayBeMeant(file, selection)) : []
    const heads = await reader.read(
      eligible.map(({name}) => path.join(root, name)),
      isChosen,
    )
    const byFile = new Map(eligible.map((file, n) => [file, heads[n]]))
    yield files.map(file => {
      const head = byFile.get(file)
      return {
        file,
        isMeant: head?.kind === 'read' && head.value === true,
        unreadable: head?.kind === 'failed' ? errorText(head.error) : undefined,
      }
    })
  }
}
