/**
 * executable-type — programs of Windows and Unix, in the words of file(1).
 */

const PE_MACHINES: ReadonlyMap<number, string> = new Map([
  [0x14c, 'Intel 80386'],
  [0x8664, 'x86-64'],
  [0x1c4, 'ARMv7 Thumb'],
  [0xaa64, 'Aarch64'],
  [0x200, 'Intel Itanium'],
])

const PE_SUBSYSTEMS: ReadonlyMap<number, string> = new Map([
  [1, 'native'],
  [2, 'GUI'],
  [3, 'console'],
])

/** What begins with `MZ`: a program of DOS, or of Windows with its header further down. */
export function dosProgram(content: Buffer): string {
  const at = content.length >= 64 ? content.readUInt32LE(60) : content.length
  if (at + 6 > content.length) return 'MS-DOS executable'
  const signature = content.toString('latin1', at, at + 4)
  if (signature.startsWith('NE')) return 'MS-DOS executable, NE for MS Windows 3.x'
  if (signature.startsWith('LE') || signature.startsWith('LX'))
    return 'MS-DOS executable, LE executable for MS Windows'
  if (signature !== 'PE\0\0') return 'MS-DOS executable, MZ for MS-DOS'
  if (at + 96 > content.length) return 'PE Unknown PE signature executable, for MS Windows'
  const format = content.readUInt16LE(at + 24) === 0x20b ? 'PE32+' : 'PE32'
  const library = content.readUInt16LE(at + 22) & 0x2000 ? ' (DLL)' : ''
  const subsystem = PE_SUBSYSTEMS.get(content.readUInt16LE(at + 92)) ?? 'Unknown'
  const machine = PE_MACHINES.get(content.readUInt16LE(at + 4)) ?? 'unknown processor'
  return `${format} executable${library} (${subsystem}) ${machine}, for MS Windows`
}

/** What begins with `\x7fELF`. */
export function elfProgram(content: Buffer): string {
  const bits = content[4] === 2 ? '64-bit' : '32-bit'
  const order = content[5] === 2 ? 'MSB' : 'LSB'
  const type = content.length < 18 ? 0 : order === 'LSB' ? content.readUInt16LE(16) : content.readUInt16BE(16)
  const kind =
    ['no file type,', 'relocatable,', 'executable,', 'pie executable,', 'core file,'][type] ??
    'processor-specific,'
  return `ELF ${bits} ${order} ${kind} version 1`
}
