/**
 * subject — what is looked up: an address, taken apart only when a table asks for its parts.
 */
import type {Settings} from '../config/settings.ts'
import {type AddressParts, type AddressRules, addressKeys, splitAddress} from './address-keys.ts'

/** Views never change, so what follows from two of their settings is kept as long as they live. */
const rulesOf = new WeakMap<Settings, AddressRules>()

/** How the settings in force take addresses apart. */
export function addressRules(settings: Settings): AddressRules {
  let rules = rulesOf.get(settings)
  if (!rules) {
    rules = {
      delimiters: settings.string('$recipient_delimiter') ?? '',
      caseMatters: settings.flag('$localpart_is_case_sensitive'),
    }
    rulesOf.set(settings, rules)
  }
  return rules
}

export class Subject {
  /** as given */
  readonly whole: string
  readonly settings: Settings
  #parts: AddressParts | undefined
  #keys: readonly string[] | undefined

  constructor(whole: string, settings: Settings) {
    this.whole = whole
    this.settings = settings
  }

  get caseMatters(): boolean {
    return addressRules(this.settings).caseMatters
  }

  get parts(): AddressParts {
    this.#parts ??= splitAddress(this.whole, addressRules(this.settings))
    return this.#parts
  }

  /** The keys that a hash is asked for, in order. */
  get keys(): readonly string[] {
    this.#keys ??= addressKeys(this.parts)
    return this.#keys
  }

  /** `$1` to `$5` of values in hashes. */
  group(number: number): string {
    const {whole, local, user, extension, domain} = this.parts
    return [undefined, whole, local, user, extension, domain][number] ?? ''
  }
}
