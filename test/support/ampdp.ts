/** ampdp — a client that has mails in files and asks what to do with them. */
import {mkdirSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'

/** Attributes of a request; a list is the same attribute again and again. */
export interface Request {
  readonly [name: string]: string | readonly string[]
}

/** One connection to a path or a port here, the answers to its requests as lists of lines. */
export function ask(place: string | number, ...requests: readonly Request[]): Promise<string[][]> {
  const text = requests
    .map(request =>
      Object.entries(request)
        .flatMap(([name, values]) => [values].flat().map(value => `${name}=${value}\n`))
        .join(''),
    )
    .join('\n')
  return new Promise((resolve, reject) => {
    let said = ''
    const to = typeof place === 'string' ? {path: place} : {port: place, host: '127.0.0.1'}
    const socket = net.connect(to, () => socket.write(`${text}\n`))
    socket.setEncoding('latin1')
    socket.on('data', chunk => {
      said += chunk
      if (said.split('\r\n\r\n').length > requests.length) socket.end()
    })
    socket.on('error', reject)
    socket.on('close', () =>
      resolve(
        said
          .split('\r\n\r\n')
          .filter(Boolean)
          .map(block => block.split('\r\n').filter(Boolean)),
      ),
    )
  })
}

let folders = 0

/** A client's folder with a mail in it. */
export function mailFolder(home: string, content: Buffer | string, name = 'email.txt'): string {
  const folder = path.join(home, `amavis-milter-${String(++folders).padStart(6, 'a')}`)
  mkdirSync(folder)
  writeFileSync(path.join(folder, name), content)
  return folder
}
