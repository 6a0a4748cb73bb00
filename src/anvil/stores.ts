/**
 * stores — the places where clients can be counted, by the names that `$anvil_store` has for them.
 */
import {memoryStore} from './memory-store.ts'
import type {ClientStore} from './store.ts'
import {AnvilTable} from './table.ts'

/** @param unit seconds */
type Open = (unit: number) => ClientStore

const STORES = {
  memory: unit => memoryStore(new AnvilTable(unit, () => Math.floor(performance.now() / 1000))),
} as const satisfies Record<string, Open>

export type StoreName = keyof typeof STORES

/** The checks of a configuration have refused all others. */
export function storeName(text: string): StoreName {
  return Object.keys(STORES).find((name): name is StoreName => name === text.toLowerCase()) ?? 'memory'
}

export function openStore(name: StoreName, unit: number): ClientStore {
  return STORES[name](unit)
}
