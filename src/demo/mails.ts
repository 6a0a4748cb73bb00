/**
 * mails — the mixture that the demo sends: what each mail holds, and how it must end.
 *
 * Pure. The test strings (EICAR, GTUBE) are put together here so that no scanner takes this file for one.
 */
export type Kind = 'clean' | 'spam' | 'virus' | 'banned' | 'bad-header'

/** What must have become of a mail when the filter has answered, under the demo's policy. */
export interface Expectation {
  /** first digit of the reply to the final dot */
  readonly reply: 2 | 5
  /** whether the next hop gets the mail */
  readonly delivered: boolean
  /** prefix of its quarantine file; undefined when none is kept */
  readonly quarantine: string | undefined
  /** whether the sender gets a delivery status notification */
  readonly dsn: boolean
}

export interface DemoMail {
  readonly kind: Kind
  readonly sender: string
  readonly recipient: string
  readonly messageId: string
  /** CRLF line ends, dots not stuffed */
  readonly octets: Buffer
}

/** The demo's policy: viruses are discarded, banned mail is bounced, spam is refused, bad headers pass. */
export const EXPECTATIONS: Readonly<Record<Kind, Expectation>> = {
  clean: {reply: 2, delivered: true, quarantine: undefined, dsn: false},
  spam: {reply: 5, delivered: false, quarantine: 'spam-', dsn: false},
  virus: {reply: 2, delivered: false, quarantine: 'virus-', dsn: false},
  banned: {reply: 2, delivered: false, quarantine: 'banned-', dsn: true},
  'bad-header': {reply: 2, delivered: true, quarantine: 'badh-', dsn: false},
}

const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE', '!$H+H*'].join('')
const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL', '*C.34X'].join('')

/** Of ten mails in a row, what each is. */
const MIXTURE: readonly Kind[] = [
  'clean',
  'clean',
  'spam',
  'clean',
  'virus',
  'clean',
  'banned',
  'clean',
  'bad-header',
  'clean',
]

/** The `n`-th mail of the endless mixture, n from 0; the same n is the same mail. */
export function demoMail(n: number): DemoMail {
  const kind = MIXTURE[n % MIXTURE.length]!
  const messageId = `<demo.${n}@sender.example.net>`
  const {headers, body} = content(kind, n)
  const lines = [
    'Received: from client.example.net ([192.0.2.7]) by mx.example.com with ESMTP; Sun, 22 Nov 2026 12:00:00 +0000',
    'Date: Sun, 22 Nov 2026 12:00:00 +0000',
    `From: Sender ${n} <sender${n}@example.net>`,
    `To: <user${n % 7}@example.com>`,
    `Message-ID: ${messageId}`,
    `Subject: demo mail ${n} (${kind})`,
    'MIME-Version: 1.0',
    ...headers,
    '',
    ...body,
    '',
  ]
  return {
    kind,
    sender: `sender${n}@example.net`,
    recipient: `user${n % 7}@example.com`,
    messageId,
    octets: Buffer.from(lines.join('\r\n'), 'utf8'),
  }
}

function content(kind: Kind, n: number): {headers: readonly string[]; body: readonly string[]} {
  const text = ['Content-Type: text/plain; charset=us-ascii']
  switch (kind) {
    case 'clean':
      return {headers: text, body: paragraphs(n)}
    case 'spam':
      return {headers: text, body: ['An offer that nobody has asked for.', '', GTUBE]}
    case 'bad-header':
      return {headers: [...text, 'X-Odd: caf\u00e9\u0000'], body: paragraphs(n)}
    case 'virus':
      return attachment('eicar.com', 'application/octet-stream', Buffer.from(EICAR, 'latin1'))
    case 'banned':
      return attachment('setup.exe', 'application/octet-stream', Buffer.from('this is no program at all\n'))
  }
}

/** One to forty lines, so that sizes differ. */
function paragraphs(n: number): string[] {
  const lines = 1 + ((n * 17) % 40)
  return Array.from(
    {length: lines},
    (_, i) => `Line ${i + 1} of mail ${n}: nothing to see here, please read on.`,
  )
}

function attachment(name: string, type: string, data: Buffer): {headers: string[]; body: string[]} {
  const boundary = '=_demo_boundary'
  return {
    headers: [`Content-Type: multipart/mixed; boundary="${boundary}"`],
    body: [
      `--${boundary}`,
      'Content-Type: text/plain; charset=us-ascii',
      '',
      'See the attached file.',
      `--${boundary}`,
      `Content-Type: ${type}; name="${name}"`,
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename="${name}"`,
      '',
      data.toString('base64'),
      `--${boundary}--`,
    ],
  }
}
