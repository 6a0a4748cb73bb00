/**
 * table/dkim — settings: DKIM.
 */
import type {SettingDefinition} from './definition.ts'

export const DKIM: readonly SettingDefinition[] = [
  {
    name: '$enable_dkim_verification',
    kind: 'bool',
    bank: 'yes',
    doc: 'verify signatures; undef logs a hint at start, 0 is silent',
  },
  {name: '$enable_dkim_signing', kind: 'bool', bank: 'yes', doc: 'sign originating mail'},
  {
    name: '$dkim_minimum_key_bits',
    kind: 'int',
    bank: 'yes',
    default: '1024',
    doc: 'shorter keys do not count for whitelisting or reputation',
  },
  {name: '$myauthservid', kind: 'str', bank: 'yes', doc: 'authserv-id in Authentication-Results'},
  {
    name: '$dkim_signing_service',
    kind: 'socket',
    bank: 'yes',
    obsolete: 'warns',
    successor: 'mail is signed by the keys of dkim_key',
    doc: 'external key/option chooser and signer; has no effect',
  },
  {
    name: '%signed_header_fields',
    kind: 'hash',
    bank: 'yes',
    default:
      "('accept-language' => 1, 'archived-at' => 1, 'auto-submitted' => 1, 'cc' => 0, 'content-alternative' => 1, 'content-base' => 1, 'content-class' => 1, 'content-description' => 1, 'content-disposition' => 1, 'content-duration' => 1, 'content-features' => 1, 'content-id' => 1, 'content-language' => 1, 'content-location' => 1, 'content-md5' => 1, 'content-transfer-encoding' => 1, 'content-type' => 2, 'date' => 2, 'from' => 2, 'in-reply-to' => 1, 'list-archive' => 1, 'list-help' => 1, 'list-id' => 1, 'list-owner' => 1, 'list-post' => 1, 'list-subscribe' => 1, 'list-unsubscribe' => 1, 'message-context' => 1, 'message-id' => 1, 'mime-version' => 1, 'organisation' => 1, 'organization' => 1, 'original-message-id' => 1, 'pics-label' => 1, 'precedence' => 1, 'received' => 1, 'references' => 1, 'reply-to' => 1, 'resent-cc' => 0, 'resent-date' => 1, 'resent-from' => 1, 'resent-message-id' => 1, 'resent-sender' => 1, 'resent-to' => 0, 'sender' => 0, 'sensitivity' => 1, 'solicitation' => 1, 'subject' => 2, 'to' => 0, 'user-agent' => 1, 'vbr-info' => 1, 'x-mailer' => 1)",
    doc: 'lower-case header name → 0 no, 1 sign, 2 sign plus one empty instance',
  },
  {
    name: '@dkim_signature_options_bysender_maps',
    kind: 'sender→hash',
    bank: 'yes',
    doc: 'signature tags a c d s i l ttl q x; all matches merged, first value wins',
  },
  {
    name: '@author_to_policy_bank_maps',
    kind: 'author→str',
    bank: 'yes',
    doc: "comma list of banks for valid author signatures; value 1 means 'AUTHOR_APPROVED'; key 'author/@signer' for third parties",
  },
  {name: '@dkim_signing_keys_list', kind: 'list', bank: 'no', doc: 'filled by dkim_key()'},
  {
    name: '@dkim_signing_keys_storage',
    kind: 'list',
    bank: 'no',
    doc: 'signing keys as declared by dkim_key()',
  },
  {
    name: '%dkim_signing_keys_by_domain',
    kind: 'hash',
    bank: 'no',
    doc: 'index of the signing keys, made from @dkim_signing_keys_list',
  },
]
