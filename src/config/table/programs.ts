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
    doc: 'program that unpacks .gz files',
  },
  {
    name: '$bunzip2',
    kind: 'program',
    bank: 'no',
    afterDefault: 'defined $bzip2 ? "$bzip2 -d" : undef',
    doc: 'program that unpacks .bz2 files',
  },
  {
    name: '$unlzop',
    kind: 'program',
    bank: 'no',
    afterDefault: 'defined $lzop ? "$lzop -d" : undef',
    doc: 'program that unpacks .lzo files',
  },
  {name: '$uncompress', kind: 'program', bank: 'no', doc: 'program that unpacks .Z files'},
  {name: '$unfreeze', kind: 'program', bank: 'no', doc: 'program that unpacks .F files'},
  {name: '$rpm2cpio', kind: 'program', bank: 'no', doc: 'program that turns .rpm packages into archives'},
  {name: '$pax', kind: 'program', bank: 'no', doc: '.cpio/.tar decoder'},
  {name: '$cpio', kind: 'program', bank: 'no', doc: 'not referenced by the default @decoders'},
  {name: '$ar', kind: 'program', bank: 'no', doc: 'program that unpacks .deb packages'},
  {name: '$unrar', kind: 'program', bank: 'no', doc: 'program that unpacks .rar archives'},
  {name: '$unarj', kind: 'program', bank: 'no', doc: 'program that unpacks .arj archives'},
  {name: '$arc', kind: 'program', bank: 'no', doc: 'program that unpacks .arc archives'},
  {name: '$zoo', kind: 'program', bank: 'no', doc: 'program that unpacks .zoo archives'},
  {name: '$lha', kind: 'program', bank: 'no', doc: 'program for self-extracting archives'},
  {name: '$cabextract', kind: 'program', bank: 'no', doc: 'program that unpacks .cab archives'},
  {name: '$ripole', kind: 'program', bank: 'no', doc: '.doc (OLE) decoder'},
  {name: '$tnef', kind: 'program', bank: 'no', doc: 'program that unpacks TNEF (winmail.dat)'},
  {
    name: '$unstuff',
    kind: 'program',
    bank: 'no',
    doc: 'program that would unpack .sit archives; accepted without effect',
  },
]
