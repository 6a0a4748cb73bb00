/**
 * memory-store — clients counted in this process: all that one MTA needs.
 */
import {busiestClients} from './busiest.ts'
import type {ClientStore} from './store.ts'
import type {AnvilTable} from './table.ts'

export function memoryStore(table: AnvilTable): ClientStore {
  const leave = (ident: string | undefined) => {
    const client = ident === undefined ? undefined : table.find(ident)
    if (client !== undefined) table.disconnect(client)
  }
  const connect = (ident: string, before: string | undefined) => {
    const connected = table.connect(ident)
    leave(before)
    return connected
  }
  return {
    get unit() {
      return table.unit
    },
    set unit(seconds) {
      table.unit = seconds
    },
    get size() {
      return table.size
    },
    connect(ident, before) {
      const {client, isNew} = connect(ident, before)
      return {counts: table.counts(client), isNew}
    },
    disconnect: leave,
    add(ident, rate, before) {
      const known = table.find(ident)
      const client = known ?? connect(ident, before).client
      table.add(client, rate)
      return {counts: table.counts(client), isNew: known === undefined}
    },
    look: ident => table.look(ident),
    busiest: limit => busiestClients(table, limit),
    tidy() {
      // In small steps, so that nobody waits while a great many are forgotten.
      if (table.forgetIdle()) setImmediate(() => this.tidy())
    },
  }
}
