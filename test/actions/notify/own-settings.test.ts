import assert from 'node:assert/strict'
import test from 'node:test'
import {envelopeSender, fromField, templateFor} from '../../../src/actions/notify/own-settings.ts'
import {type Category, MAJOR} from '../../../src/config/category.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const settings = (conf: string) => settingsFrom(`use strict;\n$myhostname = 'f.example.com';\n${conf}\n1;`)
const SPAM = [{major: MAJOR.Spam, minor: 0}]
const VIRUS = [{major: MAJOR.Virus, minor: 0}]

test('the From of a DSN has the host name filled in', () => {
  const from = (conf: string) => fromField(settings(conf), '%hdrfrom_notify_sender_by_ccat', SPAM)
  assert.match(from(''), /^"Content-filter at f\.example\.com" <postmaster@f\.example\.com>$/)
  assert.equal(from("$hdrfrom_notify_sender = 'Filter <x@${myhostname}>';"), 'Filter <x@f.example.com>')
})

test('the envelope sender of notices about spam is its own; without one it is the address in From', () => {
  const sender = (conf: string, categories: readonly Category[] = SPAM) => {
    const view = settings(conf)
    const from = fromField(view, '%hdrfrom_notify_admin_by_ccat', categories)
    return envelopeSender(view, '%mailfrom_notify_admin_by_ccat', categories, from)
  }
  const both = "$mailfrom_notify_spamadmin = 'spam@example.com'; $mailfrom_notify_admin = 'scan@example.com';"
  assert.equal(sender(both), 'spam@example.com')
  assert.equal(sender(both, VIRUS), 'scan@example.com')
  assert.equal(sender(''), 'postmaster@f.example.com')
  assert.equal(sender("$mailfrom_notify_spamadmin = '';"), '')
})

test('templates are found by category, in the bank in force', () => {
  const view = settings(
    "$notify_spam_recips_templ = ''; $policy_bank{'B'} = {notify_spam_admin_templ => 'x'};",
  )
  assert.match(templateFor(view, '%notify_admin_templ_by_ccat', VIRUS), /^Subject: Content filter/)
  assert.equal(templateFor(view, '%notify_recips_templ_by_ccat', SPAM), '')
  assert.equal(
    templateFor(
      view.withBanks(['B'], () => {}),
      '%notify_admin_templ_by_ccat',
      SPAM,
    ),
    'x',
  )
})
