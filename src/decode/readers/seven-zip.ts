/**
 * seven-zip — 7-Zip as WebAssembly, for the formats that have no reader of their own here.
 *
 * Each archive gets an instance of its own, which sees one file, `/in`, and can write nothing but its standard
 * output: members come out there one after the other (`x -so`), and the log on standard error (`-bb3`) says
 * where one begins. So no name, link or device out of an archive means anything to anybody. Sizes are counted as
 * they come; memory is bounded by refusing to let the instance grow. A call blocks until it is done: whoever
 * needs it to end in time ends the process.
 */
import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import path from 'node:path'
import {pathToFileURL} from 'node:url'
import type {Problem} from '../member.ts'
import type {MemberWriter, Sink} from '../sink.ts'
import type {Source} from '../source.ts'

/** What an instance may grow to: enough for a dictionary of 64 MiB. */
const MAX_HEAP_BYTES = 160 * 1024 * 1024

export interface SevenZipOptions {
  /** 7-Zip's name of the format; undefined: it finds out */
  readonly type?: string
  /** what the one member is called, where 7-Zip cannot know */
  readonly names?: readonly string[]
}

export interface SevenZip {
  /**
   * Unpack an archive. What is wrong with it is told to the sink.
   * @throws LimitReached
   */
  read(source: Source, sink: Sink, options?: SevenZipOptions): Promise<void>
}

/** A stream of the program's own file system, as far as it is used here. */
interface Stream {
  stream_ops: StreamOps
  position: number
}

interface StreamOps {
  write?(stream: Stream, heap: Int8Array, offset: number, length: number): number
  read?(stream: Stream, heap: Int8Array, offset: number, length: number, position: number): number
  llseek?(stream: Stream, offset: number, whence: number): number
}

interface Instance {
  callMain(args: string[]): number
  FS: {
    streams: Stream[]
    writeFile(path: string, content: Uint8Array): void
    lookupPath(path: string): {node: {stream_ops: StreamOps; usedBytes: number}}
  }
}

/** The part of the engine's interface that is used; no library of types for Node declares it. */
declare const WebAssembly: {
  compile(octets: Uint8Array): Promise<Code>
  instantiate(code: Code, imports: Imports): Promise<object>
}
/** Compiled, and good for any number of instances */
type Code = object

type Imports = Record<string, Record<string, (...args: number[]) => number>>

type Factory = (options: {
  instantiateWasm(imports: Imports, done: (instance: object) => void): object
  print(line: string): void
  printErr(line: string): void
}) => Promise<Instance>

/** Where the package is installed. */
export function sevenZipFolder(): string {
  return path.dirname(createRequire(import.meta.url).resolve('7z-wasm/package.json'))
}

/**
 * Loads the program when it is first needed and keeps its compiled code.
 * @param folder of the package: who may read little cannot look for it
 */
export function createSevenZip(folder?: string): SevenZip {
  let loading: Promise<{factory: Factory; code: Code}> | undefined
  return {
    async read(source, sink, options = {}) {
      loading ??= load(folder ?? sevenZipFolder())
      const {factory, code} = await loading
      const log = new ExtractionLog(sink, options.names)
      const instance = await factory({
        instantiateWasm(imports, done) {
          limitMemory(imports)
          void WebAssembly.instantiate(code, imports).then(done)
          return {}
        },
        print() {},
        printErr: line => log.line(line),
      })
      feed(instance, source)
      instance.FS.streams[1]!.stream_ops = {
        write(_, heap, offset, length) {
          log.data(Buffer.from(heap.buffer, heap.byteOffset + offset, length))
          return length
        },
      }
      const {exitCode} = process
      const type = options.type === undefined ? [] : [`-t${options.type}`]
      try {
        instance.callMain(['x', '-so', '-bb3', '-bsp0', '-bso2', '-sccUTF-8', '-p', '-y', ...type, '/in'])
      } catch (error) {
        // A limit passes through the program; its own end may be a trap.
        if (log.limit !== undefined) throw log.limit
        log.line(`ERROR: ${error instanceof Error ? error.message : 'the program failed'}`)
      } finally {
        // Its status is not ours.
        process.exitCode = exitCode
      }
      if (log.limit !== undefined) throw log.limit
      log.finish()
    },
  }
}

async function load(folder: string): Promise<{factory: Factory; code: Code}> {
  const [{default: factory}, code] = await Promise.all([
    import(pathToFileURL(path.join(folder, '7zz.umd.js')).href) as Promise<{default: Factory}>,
    readFile(path.join(folder, '7zz.wasm')).then(octets => WebAssembly.compile(octets)),
  ])
  return {factory, code}
}

function limitMemory(imports: Imports): void {
  for (const functions of Object.values(imports)) {
    const resize = functions.emscripten_resize_heap
    if (!resize) continue
    functions.emscripten_resize_heap = (bytes, ...rest) =>
      bytes! >>> 0 > MAX_HEAP_BYTES ? 0 : resize(bytes!, ...rest)
  }
}

/** Let `/in` be this source, read where and when the program reads it. */
function feed({FS}: Instance, source: Source): void {
  FS.writeFile('/in', new Uint8Array(0))
  const {node} = FS.lookupPath('/in')
  node.usedBytes = source.size
  node.stream_ops = {
    read(_, heap, offset, length, position) {
      const octets = source.read(position, length)
      heap.set(octets, offset)
      return octets.length
    },
    llseek(stream, offset, whence) {
      const from = whence === 1 ? stream.position : whence === 2 ? source.size : 0
      return from + offset
    },
  }
}

/** Makes members of what the program writes and says. */
class ExtractionLog {
  readonly #sink: Sink
  readonly #names: readonly string[] | undefined
  #writer: MemberWriter | undefined
  #directory: string | undefined
  #problem: Problem | undefined
  #isTold = false
  /** what ended the work, thrown through the program */
  limit: Error | undefined

  constructor(sink: Sink, names: readonly string[] | undefined) {
    this.#sink = sink
    this.#names = names
  }

  line(line: string): void {
    if (this.limit !== undefined) return
    const member = /^[-T] (.*)$/.exec(line)
    if (member) this.#guard(() => this.#begin(member[1]!))
    else if (line.startsWith('ERROR: ')) this.#failed(line.slice(7))
    else if (TROUBLE.test(line)) this.#failed(line)
  }

  data(octets: Uint8Array): void {
    if (this.limit !== undefined) throw this.limit
    this.#guard(() => {
      this.#writer ??= this.#sink.begin()
      this.#writer.write(octets)
    })
    if (this.limit !== undefined) throw this.limit
  }

  finish(): void {
    this.#end()
  }

  #begin(name: string): void {
    this.#end()
    if (name.endsWith('/')) this.#directory = name
    // A stream has no name of its own: the program makes one up of the archive's.
    else this.#writer = this.#sink.begin(...(this.#names ?? (/^in~?$/.test(name) ? [] : [name])))
  }

  #end(): void {
    if (this.#directory !== undefined) this.#sink.addEntry('directory', [this.#directory])
    else if (this.#writer) this.#writer.end(this.#problem)
    this.#directory = this.#writer = this.#problem = undefined
  }

  /** A complaint about the member in hand, or about the archive where there is none. */
  #failed(text: string): void {
    // The archive's own name: the next line says what is wrong with it.
    if (text === '/in') return
    const kind = /password|encrypted/i.test(text)
      ? 'encrypted'
      : /unsupported|not implemented|allocate|memory/i.test(text)
        ? 'unsupported'
        : 'corrupt'
    const reason = text.replace(/ : .*$/, '').replace(/\/in\b/g, 'it')
    if (this.#writer) this.#problem ??= {kind, reason}
    // What follows is mostly what comes of the first.
    else if (!this.#isTold) {
      this.#isTold = true
      this.#sink.problem(kind, reason)
    }
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.limit = error instanceof Error ? error : new Error(String(error))
    }
  }
}

/** What the program says about an archive as a whole that is not as it should be. */
const TROUBLE =
  /^(?:Can(?:'|no)t open (?:the file )?as|Cannot open|Unexpected end of|Headers Error|Is not archive|Missing volume|There are (?:some )?data after|Unconfirmed start|Unavailable|Data Error|CRC Failed)/
