/**
 * table/programs — settings: paths of programs.
 */
import type {SettingDefinition} from './definition.ts'

export const PROGRAMS: readonly SettingDefinition[] = [
  {name: '$gzip', kind: 'program', bank: 'no', doc: 'used to derive $gunzip'},
  {name: '$bzip2', kind: 'program', bank: 'no', doc: 'used to derive $bunzip2'},
  {name: '$lzop', kind: 'program', bank: 'no', doc: 'used to derive $unlzop'},
  {
    name: '$gunzip',
    kind: 'program',
    bank: 'no',
    afterDefault: 'defined $gzip ? "$gzip -d" : undef',
    doc: '.gz decoder',
  },
  {
    name: '$bunzip2',
    kind: 'program',
    bank: 'no',
    afterDefault: 'defined $bzip2 ? "$bzip2 -d" : undef',
    doc: '.bz2 decoder',
  },
  {
    name: '$unlzop',
    kind: 'program',
    bank: 'no',
    afterDefault: 'defined $lzop ? "$lzop -d" : undef',
    doc: '.lzo decoder',
  },
  {name: '$uncompress', kind: 'program', bank: 'no', doc: '.Z decoder'},
  {name: '$unfreeze', kind: 'program', bank: 'no', doc: '.F decoder'},
  {name: '$rpm2cpio', kind: 'program', bank: 'no', doc: '.rpm decoder'},
  {name: '$pax', kind: 'program', bank: 'no', doc: '.cpio/.tar decoder'},
  {name: '$cpio', kind: 'program', bank: 'no', doc: 'not referenced by the default @decoders'},
  {name: '$ar', kind: 'program', bank: 'no', doc: '.deb decoder'},
  {name: '$unrar', kind: 'program', bank: 'no', doc: '.rar decoder'},
  {name: '$unarj', kind: 'program', bank: 'no', doc: '.arj decoder'},
  {name: '$arc', kind: 'program', bank: 'no', doc: '.arc decoder'},
  {name: '$zoo', kind: 'program', bank: 'no', doc: '.zoo decoder'},
  {name: '$lha', kind: 'program', bank: 'no', doc: 'program for self-extracting archives'},
  {name: '$cabextract', kind: 'program', bank: 'no', doc: '.cab decoder'},
  {name: '$ripole', kind: 'program', bank: 'no', doc: '.doc (OLE) decoder'},
  {name: '$tnef', kind: 'program', bank: 'no', doc: '.tnef decoder'},
  {name: '$unstuff', kind: 'program', bank: 'no', doc: 'accepted without effect'},
]
