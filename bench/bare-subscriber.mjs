/** bare-subscriber — what it costs to hear a bus and to split its text, and no more: for comparison. */
import {Subscriber} from 'zeromq'

const socket = new Subscriber({linger: 0})
socket.connect(process.argv[2] ?? 'tcp://127.0.0.1:21200')
socket.subscribe('am.st ', 'am.proc.', 'am.log.**** ')
let words = 0
for await (const message of socket) {
  for (const frame of message) words += frame.toString('latin1').split(' ').length
}
console.log(words)
