/**
 * table/decoding — settings: decoding.
 */
import type {SettingDefinition} from './definition.ts'
import {SHORT_TYPES} from './short-types.ts'

export const DECODING: readonly SettingDefinition[] = [
  {name: '$bypass_decode_parts', kind: 'bool', bank: 'yes', doc: 'do not unpack MIME or archives'},
  {
    name: '@decoders',
    kind: 'list',
    bank: 'yes',
    default:
      "(['mail', \\&do_mime_decode], ['F', \\&do_uncompress, \\$unfreeze], ['Z', \\&do_uncompress, \\$uncompress], ['gz', \\&do_uncompress, \\$gunzip], ['gz', \\&do_gunzip], ['bz2', \\&do_uncompress, \\$bunzip2], ['xz', \\&do_uncompress, ['xzdec', 'xz -dc', 'unxz -c', 'xzcat']], ['lzma', \\&do_uncompress, ['lzmadec', 'xz -dc --format=lzma', 'lzma -dc', 'unlzma -c', 'lzcat', 'lzmadec']], ['lrz', \\&do_uncompress, ['lrzip -q -k -d -o -', 'lrzcat -q -k']], ['lzo', \\&do_uncompress, \\$unlzop], ['lz4', \\&do_uncompress, ['lz4c -d']], ['rpm', \\&do_uncompress, \\$rpm2cpio], [['cpio', 'tar'], \\&do_pax_cpio, \\$pax], ['deb', \\&do_ar, \\$ar], ['rar', \\&do_unrar, \\$unrar], ['arj', \\&do_unarj, \\$unarj], ['arc', \\&do_arc, \\$arc], ['zoo', \\&do_zoo, \\$zoo], ['doc', \\&do_ole, \\$ripole], ['cab', \\&do_cabextract, \\$cabextract], ['tnef', \\&do_tnef_ext, \\$tnef], ['tnef', \\&do_tnef], [['zip', 'kmz'], \\&do_7zip, ['7za', '7zz', '7z']], [['zip', 'kmz'], \\&do_unzip], ['7z', \\&do_7zip, ['7zr', '7za', '7zz', '7z']], [['gz', 'bz2', 'Z', 'tar'], \\&do_7zip, ['7za', '7zz', '7z']], [['xz', 'lzma', 'jar', 'cpio', 'arj', 'rar', 'swf', 'lha', 'iso', 'cab', 'deb', 'rpm'], \\&do_7zip, ['7zz', '7z']], ['exe', \\&do_executable, \\$unrar, \\$lha, \\$unarj], ['zst', \\&do_uncompress, ['unzstd']])",
    doc: 'list of [type or [types], decoder, program…]; the first usable entry of a type wins',
  },
  {
    name: '$MAXLEVELS',
    kind: 'int',
    bank: 'no',
    doc: 'maximum nesting, exceeding it sets hold and "over limits"; undef/0 = none',
  },
  {name: '$MAXFILES', kind: 'int', bank: 'no', doc: 'maximum number of parts, undef/0 = none'},
  {
    name: '$MIN_EXPANSION_FACTOR',
    kind: 'num',
    bank: 'no',
    default: '5',
    doc: 'quota of unpacked octets: the greatest of $MIN_EXPANSION_QUOTA, size × this, and the smaller of $MAX_EXPANSION_QUOTA and size × $MAX_EXPANSION_FACTOR',
  },
  {name: '$MAX_EXPANSION_FACTOR', kind: 'num', bank: 'no', default: '500', doc: 'see $MIN_EXPANSION_FACTOR'},
  {name: '$MIN_EXPANSION_QUOTA', kind: 'bytes', bank: 'no', doc: 'see $MIN_EXPANSION_FACTOR'},
  {name: '$MAX_EXPANSION_QUOTA', kind: 'bytes', bank: 'no', doc: 'see $MIN_EXPANSION_FACTOR'},
  {
    name: '@keep_decoded_original_maps',
    kind: 'type→bool',
    bank: 'no',
    default: '(\\$keep_decoded_original_re)',
    doc: "keep the packed original too; keys: file(1) text, 'MAIL', 'MAIL-UNDECIPHERABLE'",
  },
  {
    name: '$keep_decoded_original_re',
    kind: 're',
    bank: 'maps',
    doc: 'regular expressions in @keep_decoded_original_maps, new_RE(…)',
  },
  {
    name: '@map_full_type_to_short_type_maps',
    kind: 'text→type(s)',
    bank: 'no',
    default: '(\\$map_full_type_to_short_type_re)',
    doc: 'file(1) text to short type(s)',
  },
  {
    name: '$map_full_type_to_short_type_re',
    kind: 're',
    bank: 'maps',
    default: SHORT_TYPES,
    doc: 'regular expressions in @map_full_type_to_short_type_maps, new_RE(…)',
  },
  {
    name: '$mail_digest_algorithm',
    kind: 'str',
    bank: 'yes',
    default: "'MD5'",
    doc: "digest of the message body: 'MD5' or a SHA name",
  },
  {
    name: '$mail_part_digest_algorithm',
    kind: 'str',
    bank: 'yes',
    default: "'SHA1'",
    doc: 'digest of decoded parts, undef = none',
  },
  {name: '$file', kind: 'program', bank: 'no', default: "'file'", doc: 'file(1) utility'},
  {name: '$altermime', kind: 'program', bank: 'no', default: "'altermime'", doc: 'altermime utility'},
]
