/**
 * notice-templates — what notifications say unless a configuration has words of its own (spec/daemon §8).
 *
 * Each is a header and, after an empty line, a text. Date, MIME fields and whatever else is missing in the header are
 * added where the mail is made. In a DSN the macros D, O and N are about the recipients that it tells of.
 */

/** Where the mail comes from and what it was, as far as its own words can be believed. */
const ORIGIN = `Our reference: %n/%i
[? %a |#|Received from: [:client_addr_port][? %g ||, %g]]
[? [:ip_trace_public] |#|[:wrap|76|Its way: |  |[ip_proto_trace_public|%x| < ]]]
Return-Path: %s
[? [:header_field|From] |#|From: [:mime_decode|[:header_field|From|200]]]
[? [:rfc2822_sender] |#|Sender: [:rfc2822_sender]]
[? %m |#|Message-ID: %m]
[? [:useragent] |#|[:useragent]]
[? %j |#|Subject: [:mime_decode|[:header_field|Subject|200]]]
`

const QUARANTINED = `[? %#q |It was not quarantined.|It is in quarantine as: %q]
`

const FATE = `[? %#D |#|It goes to:[
  %D]]
[? %#O |#|It does not go to:[
  %N]]
`

/** Why a sender gets his mail back; the category of those that the DSN is about decides. */
const REASON = `[? [:ccat|major] |#|#|The next mail system did not accept your message.|#
Your message is larger than the recipients accept.|#
The header of your message does not conform to the mail standards.|#
Your message was taken for unsolicited bulk mail.|#
Your message was taken for unsolicited bulk mail.|#
Your message has content that could not be examined, for example since it is
encrypted or damaged.|#
Your message has a part of a type or name that is not accepted here:
  %F|#
A message with your address as its sender contains malicious content:
  [%V|, ]]`

const SUBJECT = `Subject: [? %#O |Mail was handed on|Mail not delivered[? [:ccat|major] ||||: it is too large|: its header is malformed|: it looks like spam|: it looks like spam|: it could not be checked|: it has an attachment that is not accepted|: it is infected]]
`

function senderTemplate(prefix: string, closing = ''): string {
  return `${SUBJECT}From: %f
To: [%T|, ]
Message-ID: <${prefix}%i@%h>
[? %m |#|In-Reply-To: %m]
[? %m |#|References: %m]

This is the content filter at %h.

[? %#O |The message below was handed on to the next mail system.|${REASON}]
[? [:ccat|major] |#|#|#|#|What is wrong with the header:[\\n  %X]|#]
[? %#D |#|It was handed on for:[
  %D]]
[? %#O |#|It was not delivered to, and nothing further will be tried for:[
  %N]]

${ORIGIN}${closing}
The message or its header is attached, and a report for mail software.
`
}

/** Delivery status notifications where no other template applies. */
export const SENDER_TEMPLATE = senderTemplate('DSN')
/** The same about viruses and banned contents. */
export const VIRUS_SENDER_TEMPLATE = senderTemplate(
  'VS',
  `[? %#V |#|If you did not send it, somebody else used your address; no action is needed.]
`,
)
/** The same about spam. */
export const SPAM_SENDER_TEMPLATE = senderTemplate('SS')

/** What was found, in as many words as there are kinds of it. */
const FOUND = `[? %#V |#|Malicious content: [%V|, ]]
[? %#V |#|Found by: [%W|, ]]
[? %#F |#|Contents that are not accepted: %F]
[? %#X |#|Complaints about the header:[\\n  %X]]
Content type: [:ccat|name]
`

const KIND = `[? [:ccat|major] |mail|clean mail|mail that was not taken further|oversized mail|mail with a malformed header|spam|spam|#
mail that could not be checked|mail with banned contents (%F)|infected mail ([%V|, ])]`

function adminTemplate(prefix: string, found: string, more = ''): string {
  return `Subject: Content filter: ${KIND} from [? %a ||[:client_addr_port] ]%s
From: %f
To: [%T|, ]
[? %#C |#|Cc: [%C|, ]]
Message-ID: <${prefix}%i@%h>

${found}${ORIGIN}
${QUARANTINED}
${FATE}${more}`
}

/** Notices to administrators, of anything but spam. */
export const ADMIN_TEMPLATE = adminTemplate('VA', FOUND)

/** Notices to administrators, of spam. */
export const SPAM_ADMIN_TEMPLATE = adminTemplate(
  'SA',
  `Content type: [:ccat|name]
Points: [:SCORE], of [:REQD] that make spam
[? [:TESTSSCORES] |#|[:wrap|76|Tests: |  |[:TESTSSCORES|, ]]]
`,
  `[? %#A |#|What the scanner said:[
  %A]]
`,
)

/** Notices to recipients, of anything but spam. */
export const RECIPIENT_NOTICE_TEMPLATE = `Subject: Content filter: ${KIND} for you, from %s
From: %f
To: [%T|, ]
Message-ID: <VR%i@%h>

This is the content filter at %h.

[? %#D |A message for you was not delivered.|A message for you was delivered, although it is not as it should be.]

${FOUND}
${ORIGIN}
[? %#V |#|The sender's address is most likely not that of whoever sent it: please do not answer it.]

${QUARANTINED}
Whoever looks after your mail can tell you more; please quote our reference.
`
