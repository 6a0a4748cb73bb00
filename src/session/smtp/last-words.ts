/**
 * last-words — what a client is told when the session is not ended by itself; texts of spec/daemon, Replies.
 */

/** silence between commands */
export const IDLE =
  '421 4.3.2 Service shutting down, closing channel, during waiting for input from client\r\n'
/** silence in the data */
export const IDLE_IN_DATA =
  '421 4.3.2 Service shutting down, timed out during waiting for input from client\r\n'
/** this child is to end */
export const STOPPED = '421 4.3.2 Service shutting down, closing channel\r\n'
/** a line or a mail without an end */
export const FLOOD = '421 4.7.0 Error: too much input, closing channel\r\n'
export const TOO_MANY_ERRORS = '421 4.7.0 Error: too many errors, closing channel\r\n'
/** silence while other connections wait for a child */
export const IDLE_UNDER_PRESSURE = '421 4.3.2 Other connections are waiting, closing idle channel\r\n'
