/**
 * tui/explain/json — a rehearsed mail as one object for programs; the field names are documented and stable.
 */
import {valueText} from '../../config/show/perl-text.ts'
import type {Box} from '../../config/snapshot.ts'
import type {AskedLookup} from '../../pipeline/rehearsal/asked.ts'
import type {ScannerRun} from '../../pipeline/rehearsal/ports.ts'
import type {Rehearsal, RehearsedPart} from '../../pipeline/rehearsal/rehearse.ts'
import {displayName} from '../../verdict/summary.ts'
import type {RecipientOutcome} from '../../verdict/verdict.ts'

/** `--json` of `amavis explain`. */
export function explainJson(rehearsal: Rehearsal, names: ReadonlyMap<Box, string>): string {
  const {request, checked, parts, reply} = rehearsal
  return JSON.stringify({
    mail: {
      size: rehearsal.size,
      sender: request.sender,
      recipients: request.recipients,
      client: request.client ?? null,
      message_id: checked?.origin.messageId ?? null,
    },
    banks: checked?.settings.bankPath.split('/').filter(Boolean) ?? [],
    parts: parts.map(partJson),
    mime_err: checked?.seen.mimeError ?? null,
    limit: checked?.seen.limit ?? null,
    findings: checked?.seen.findings ?? [],
    scanners: rehearsal.scanners.map(scannerJson),
    recipients: checked?.outcomes.map(recipientJson) ?? [],
    copies: rehearsal.copies.map(({edits, bodyChanged, ...copy}) => ({
      ...copy,
      subject: copy.subject ?? null,
      body_changed: bodyChanged,
      header_edits: edits,
    })),
    quarantine: rehearsal.quarantine,
    reply: `${reply.code} ${reply.enhanced} ${reply.text}`,
    failure: rehearsal.failure ?? null,
    lookups: rehearsal.asked.map(lookup => lookupJson(lookup, names)),
    timing: rehearsal.sections.map(({name, ms}) => ({name, ms: rounded(ms)})),
    log: rehearsal.log,
  })
}

function partJson(part: RehearsedPart) {
  const isContainer = part.kind === 'container'
  return {
    n: part.number,
    parent: part.parent,
    kind: part.kind,
    placement: part.placement,
    type_declared: part.declaredTypes,
    type_real: part.fullType === '' ? null : part.fullType,
    type_short: part.shortTypes,
    encoding: isContainer || part.encoding === '' ? null : part.encoding,
    names: part.names,
    size: isContainer ? null : part.size,
    sha1: part.sha1 ?? null,
    flags: part.attributes,
    reading: part.reading ?? null,
  }
}

function scannerJson({name, ms, answer}: ScannerRun) {
  return {name, ms: rounded(ms), answer: answer.kind === 'virus' ? answer.said : answer}
}

function recipientJson({verdict, blocking, destiny, response, dsn, quarantined}: RecipientOutcome) {
  const {recipient, local, bypass, categories, score, tests, levels, reached} = verdict
  return {
    address: recipient.address,
    local,
    bypass,
    categories: categories.map(displayName),
    blocking: blocking ? displayName(blocking) : null,
    destiny,
    score: score ?? null,
    tests,
    levels,
    reached,
    blacklisted: verdict.blacklisted,
    whitelisted: verdict.whitelisted,
    banned_reason: verdict.bannedReason ?? null,
    response: `${response.code} ${response.enhanced} ${response.text}`,
    quarantined,
    dsn,
  }
}

function lookupJson(
  {map, key, bankPath, stage, tables, answer}: AskedLookup,
  names: ReadonlyMap<Box, string>,
) {
  return {
    map,
    key,
    banks: bankPath,
    stage,
    tables: tables.map(({name, kind, tried, problem}) => ({name, kind, tried, problem: problem ?? null})),
    answer: answer ? {key: answer.key, value: valueText(answer.value, names), at: answer.at ?? null} : null,
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
