/**
 * short-types — the short names of a part's type (`exe`, `zip`, `txt`) from file(1)'s long text.
 *
 * These names are what banned rules and decoders are written in. The order of the table is part of its
 * meaning: the first row that matches decides. Source: spec/config §7.4 "Short types".
 */

type Row = readonly [pattern: RegExp, ...types: string[]]

const ROWS: readonly Row[] = [
  [/^empty$/, 'empty'],
  [/^directory$/, 'dir'],
  [
    /^(?:can't (?:stat|read)|cannot open|ERROR:)|can't read magic file|couldn't find any magic files|^data$/,
    'dat',
  ],
  [/^(?:ISO-8859.*text|Non-ISO.*ASCII.*text|'diff' output text)/, 'txt'],
  [/^(?:Unicode.*text|UTF.* Unicode text)/i, 'txt'],
  [/^GNU message catalog/, 'mo'],
  [/^PGP (?:message signature|public key|armored)/, 'pgp', 'pgp.asc'],
  [/^PGP message.*encrypted|^PGP message$|^PGP\/GPG encrypted data/i, 'pgp', 'pgp.enc'],
  // Vector of the specification: a message that begins with a session key is encrypted.
  [/^PGP message/, 'pgp', 'pgp.enc'],
  [/^PGP/, 'pgp'],
  [/^(?:ASCII|smtp|RFC 822) mail text/, 'txt'],
  [/^JPEG image data/, 'image', 'jpg'],
  [/^GIF image data/, 'image', 'gif'],
  [/^PNG image data/, 'image', 'png'],
  [/^TIFF image data/, 'image', 'tif'],
  [/^PCX.*image data/, 'image', 'pcx'],
  [/^PC bitmap data/, 'image', 'bmp'],
  [/^SVG Scalable Vector Graphics image/, 'image', 'svg'],
  [/^MP2/, 'audio', 'mpa', 'mp2'],
  [/^MP3|MPEG ADTS, layer III/, 'audio', 'mpa', 'mp3'],
  [/^ISO Media, MPEG v4 system, 3GPP/, 'audio', 'mpa', '3gpp'],
  [/^ISO Media, MPEG v4 system/, 'audio', 'mpa', 'm4a', 'm4b'],
  [/^FLAC audio bitstream data/, 'audio', 'flac'],
  [/^Ogg data, FLAC audio/, 'audio', 'oga'],
  [/^Ogg data/, 'audio', 'ogg'],
  [/^MPEG video stream data/, 'movie', 'mpv'],
  [/^MPEG/, 'movie', 'mpg'],
  [/^Matroska data/, 'movie', 'mkv'],
  [/^Microsoft ASF/, 'movie', 'wmv'],
  [/^RIFF.*AVI/, 'movie', 'avi'],
  [/^RIFF.*animated cursor/, 'movie', 'ani'],
  [/^RIFF.*WAVE audio/, 'audio', 'wav'],
  [/^Macromedia Flash data/, 'swf'],
  [/^HTML document text/, 'html'],
  [/^XML document text/, 'xml'],
  [/^exported SGML document text/, 'sgml'],
  [/^PostScript document text/, 'ps'],
  [/^PDF document/, 'pdf'],
  [/^Rich Text Format data/, 'rtf'],
  [/^Microsoft (?:Office Document|Word|Installer)/i, 'doc'],
  [/^Composite Document File V2 Document/i, 'cdf-ms'],
  [/^ms-windows meta(?:file|font)/i, 'wmf'],
  [/^LaTeX.*document text/, 'lat'],
  [/^TeX DVI file/, 'dvi'],
  [/document text/, 'txt'],
  [/^compiled Java class data/, 'java'],
  [/^MS Windows 95 Internet shortcut text/, 'url'],
  [/^Compressed Google KML Document/, 'kmz'],
  [/^frozen/, 'F'],
  [/^gzip compressed/, 'gz'],
  [/^bzip compressed/, 'bz'],
  [/^bzip2 compressed/, 'bz2'],
  [/^xz compressed/, 'xz'],
  [/^lzma compressed/, 'lzma'],
  [/^lrz compressed/, 'lrz'],
  [/^lzop compressed/, 'lzo'],
  [/^LZ4 compressed/, 'lz4'],
  [/^compress'd/, 'Z'],
  [/^Zip archive/i, 'zip'],
  [/^7-zip archive/i, '7z'],
  [/^RAR archive/i, 'rar'],
  [/^LHa.*archive/i, 'lha'],
  [/^ARC archive/i, 'arc'],
  [/^ARJ archive/i, 'arj'],
  [/^ACE archive/i, 'ace'],
  [/^Zoo archive/i, 'zoo'],
  [/^(?:\S+ +)?tar archive/i, 'tar'],
  [/^(?:\S+ +)?cpio archive/i, 'cpio'],
  [/^StuffIt Archive/i, 'sit'],
  [/^Debian binary package/i, 'deb'],
  [/^current ar archive/i, 'a'],
  [/^RPM/, 'rpm'],
  [/^(?:Transport Neutral Encapsulation Format|TNEF)/i, 'tnef'],
  [/^Microsoft Cabinet (?:file|archive)/i, 'cab'],
  [/^InstallShield Cabinet file/, 'installshield'],
  [/^ISO 9660 CD-ROM filesystem/i, 'iso'],
  [/^(?:uuencoded|xxencoded)/i, 'uue'],
  [/^binhex/i, 'hqx'],
  [/^(?:ASCII|text)\b/i, 'asc'],
  [/^Emacs.*byte-compiled Lisp data/i, 'asc'],
  [/script.* text executable/, 'txt'],
  [/^MS Windows.*DLL|executable for MS Windows.*DLL/, 'exe', 'dll'],
  [/^MS-DOS executable \(built-in\)/, 'asc'],
  [/^(?:MS-)?DOS executable.*DLL/, 'exe', 'dll'],
  [/^MS Windows.*executable|executable.*for MS Windows/, 'exe', 'exe-ms'],
  [/^COM executable for DOS|^DOS executable \(COM\)/, 'asc'],
  [/^(?:MS-)?DOS executable(?!.*\(COM\))/, 'exe', 'exe-ms'],
  [
    /^(?:PA-RISC.*executable|ELF .*executable|COFF format .*executable|executable \(RISC System)/,
    'exe',
    'exe-unix',
  ],
  [/^VMS.*executable/, 'exe', 'exe-vms'],
  [/executable/i, 'exe'],
  [/shared object, /i, 'so'],
  [/relocatable, /i, 'o'],
  [/\btext\b/i, 'asc'],
  [/^Zstandard compressed/, 'zst'],
]

/** Long texts whose short types are remembered: most parts of most mails have one of a few. */
const REMEMBERED = 256
const remembered = new Map<string, readonly string[]>()

/** Short types of a long text, `['dat']` when no row matches. */
export function shortTypes(full: string): readonly string[] {
  const known = remembered.get(full)
  if (known) return known
  const row = ROWS.find(([pattern]) => pattern.test(full))
  const types = row ? row.slice(1).map(String) : ['dat']
  if (remembered.size < REMEMBERED) remembered.set(full, types)
  return types
}
