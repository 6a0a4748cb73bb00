/**
 * language/operators — binary operators on values, and ranges. Pure.
 */
import {isTrue} from '../number.ts'
import {configError, type Position, refusal} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {numberOf, textOf} from './convert.ts'
import {LONGEST_LIST, LONGEST_TEXT} from './machine.ts'

/** A comparison's result: 1, or the empty string. */
function claim(holds: boolean): Scalar {
  return holds ? 1 : ''
}

/** The value of `left op right`. */
export function binaryValue(op: string, left: Scalar, right: Scalar, at: Position): Scalar {
  switch (op) {
    case '.':
      return joined(textOf(left), textOf(right), at)
    case 'x':
      return repeated(textOf(left), numberOf(right), at)
    case 'eq':
      return claim(textOf(left) === textOf(right))
    case 'ne':
      return claim(textOf(left) !== textOf(right))
    case 'lt':
      return claim(textOf(left) < textOf(right))
    case 'gt':
      return claim(textOf(left) > textOf(right))
    case 'le':
      return claim(textOf(left) <= textOf(right))
    case 'ge':
      return claim(textOf(left) >= textOf(right))
    case 'cmp':
      return order(textOf(left), textOf(right))
    case 'xor':
      return claim(isTrue(left) !== isTrue(right))
    default:
      return numeric(op, numberOf(left), numberOf(right), at)
  }
}

function numeric(op: string, left: number, right: number, at: Position): Scalar {
  switch (op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw configError(at, 'division by zero')
      return left / right
    case '%': {
      const divisor = Math.trunc(right)
      if (divisor === 0) throw configError(at, 'division by zero')
      const rest = Math.trunc(left) % divisor
      return rest !== 0 && rest < 0 !== divisor < 0 ? rest + divisor : rest
    }
    case '**':
      return left ** right
    case '==':
      return claim(left === right)
    case '!=':
      return claim(left !== right)
    case '<':
      return claim(left < right)
    case '>':
      return claim(left > right)
    case '<=':
      return claim(left <= right)
    case '>=':
      return claim(left >= right)
    case '<=>':
      return order(left, right)
    case '&':
      return Number(BigInt.asUintN(64, BigInt(Math.trunc(left)) & BigInt(Math.trunc(right))))
    case '|':
      return Number(BigInt.asUintN(64, BigInt(Math.trunc(left)) | BigInt(Math.trunc(right))))
    case '^':
      return Number(BigInt.asUintN(64, BigInt(Math.trunc(left)) ^ BigInt(Math.trunc(right))))
    case '<<':
      return Math.trunc(left) * 2 ** right
    case '>>':
      return Math.floor(Math.trunc(left) / 2 ** right)
    default:
      throw configError(at, `the operator "${op}" is not supported`)
  }
}

function order<T extends string | number>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function joined(left: string, right: string, at: Position): string {
  if (left.length + right.length > LONGEST_TEXT) throw refusal(at, 'the text is too long')
  return left + right
}

function repeated(text: string, count: number, at: Position): string {
  const times = Math.max(0, Math.trunc(count))
  if (text.length * times > LONGEST_TEXT) throw refusal(at, 'the text is too long')
  return text.repeat(times)
}

/** `from..to`: of numbers, or of words up to one of the same length. */
export function rangeOf(from: Scalar, to: Scalar, at: Position): readonly Scalar[] {
  const word = textOf(from)
  if (typeof from === 'string' && word !== '' && !/^(?:0|[-+]?[1-9]\d*)(?:\.\d*)?$/.test(word)) {
    return wordsUpTo(word, textOf(to), at)
  }
  const first = Math.trunc(numberOf(from))
  const last = Math.trunc(numberOf(to))
  if (last - first > LONGEST_LIST) throw refusal(at, 'the range is too long')
  return Array.from({length: Math.max(0, last - first + 1)}, (_, i) => first + i)
}

function wordsUpTo(from: string, to: string, at: Position): readonly string[] {
  const words: string[] = []
  if (!/^[A-Za-z]*[0-9]*$/.test(from)) return [from]
  for (let word = from; word.length <= to.length; word = nextWord(word)) {
    words.push(word)
    if (word === to) break
    if (words.length > LONGEST_LIST / 10) throw refusal(at, 'the range is too long')
  }
  return words
}

/** What `++` makes of a word of letters and digits: `az` → `ba`, `Zz` → `AAa`, `a9` → `b0`. */
export function nextWord(word: string): string {
  let tail = ''
  for (let i = word.length - 1; i >= 0; i--) {
    const letter = word[i]!
    const first = letter === 'z' ? 'a' : letter === 'Z' ? 'A' : letter === '9' ? '0' : undefined
    if (first === undefined) {
      return word.slice(0, i) + String.fromCharCode(letter.charCodeAt(0) + 1) + tail
    }
    tail = first + tail
  }
  return (tail[0] === '0' ? '1' : tail[0]!) + tail
}
