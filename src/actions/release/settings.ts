/**
 * settings — how, where to and in whose name mail leaves quarantine, as the configuration says it.
 */
import {randomInt} from 'node:crypto'
import {numberText} from '../../config/number.ts'
import type {Settings} from '../../config/settings.ts'
import {callCode} from '../../lookup/code.ts'
import {fromField} from '../notify/own-settings.ts'
import {fileNameOf} from '../quarantine/alias.ts'
import type {WrappedFormat, Wrapping} from './wrap.ts'

export type Kind = 'release' | 'requeue' | 'report'

/** Undefined where nothing is set. */
export function releaseMethod(settings: Settings, kind: Kind): string | undefined {
  const own = settings.string(kind === 'requeue' ? '$requeue_method' : '$release_method')
  return own || (kind === 'requeue' ? undefined : settings.string('$notify_method')) || undefined
}

export function releaseFormat(settings: Settings, kind: 'release' | 'report'): 'resend' | WrappedFormat {
  const format = settings.string(kind === 'release' ? '$release_format' : '$report_format')
  switch (format) {
    case 'attach':
    case 'plain':
    case 'arf':
    case 'dsn':
    case 'resend':
      return format
    default:
      return kind === 'release' ? 'resend' : 'arf'
  }
}

/** Whom our mail comes from: `"Content-filter at host" <postmaster@host>`. */
export function ourMailbox(settings: Settings, kind: Kind): string {
  const hash = kind === 'report' ? '%hdrfrom_notify_report_by_ccat' : '%hdrfrom_notify_release_by_ccat'
  return fromField(settings, hash, [])
}

/** Undefined: `$attachment_password` is '', the mail is attached as it is; undef is a PIN of four digits. */
export function attachmentArchive(
  settings: Settings,
  {mailId, taskId, at}: {readonly mailId: string; readonly taskId: string; readonly at: number},
): Wrapping['archive'] {
  const value = settings.scalar('$attachment_password')
  const given = typeof value === 'object' && value.kind === 'code' ? callCode(value, settings) : value
  const password =
    given === undefined
      ? String(randomInt(10_000)).padStart(4, '0')
      : typeof given === 'number'
        ? numberText(given)
        : given
  if (typeof password !== 'string' || password === '') return undefined
  const facts = {mailId, taskId, at, partition: '', bodyDigest: ''}
  const name = (setting: `$${string}`, usual: string) =>
    fileNameOf(settings.string(setting) || usual, facts).replace(/[^\w.+=@-]/g, '_')
  return {
    innerName: name('$attachment_email_name', 'msg-%m.eml'),
    outerName: name('$attachment_outer_name', 'msg-%m.zip'),
    password,
  }
}
