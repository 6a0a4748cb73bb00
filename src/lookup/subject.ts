/**
 * subject — what is looked up: an address, taken apart only when a table asks for its parts.
 */
import type {Settings} from '../config/settings.ts'
import {
  type AddressParts,
  type AddressRules,
  addressKeys,
  extensionStart,
  splitAddress,
} from './address-keys.ts'

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
  #rules: AddressRules | undefined
  #parts: AddressParts | undefined
  #lower: string | undefined
  #keys: readonly string[] | undefined

  constructor(whole: string, settings: Settings) {
    this.whole = whole
    this.settings = settings
  }

  get rules(): AddressRules {
    this.#rules ??= addressRules(this.settings)
    return this.#rules
  }

  get parts(): AddressParts {
    this.#parts ??= splitAddress(this.whole, this.rules)
    return this.#parts
  }

  /** Of `local@domain`: where the `@` stands. */
  get at(): number {
    return this.whole.lastIndexOf('@')
  }

  /** Of `local@domain`: where the extension begins; -1 for none. */
  get split(): number {
    return this.rules.delimiters === ''
      ? -1
      : extensionStart(this.whole.slice(0, this.at), this.rules.delimiters)
  }

  /** Of an ASCII `local@domain`: in lower case, but for the local part where case matters. */
  get lower(): string {
    this.#lower ??= this.rules.caseMatters
      ? this.whole.slice(0, this.at) + this.whole.slice(this.at).toLowerCase()
      : this.whole.toLowerCase()
    return this.#lower
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
