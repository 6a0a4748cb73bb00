/**
 * observed — settings that tell an observer of every look-up made with them.
 *
 * For a person who wants to know why; daemon children use plain settings, whose look-ups tell nobody. Views with
 * banks loaded on top have the same observer.
 */
import type {LookupObserver, Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'

/** Is told of lists and hashes that are read, too, so that a look-up in one can be given its name. */
export interface SettingsObserver extends LookupObserver {
  read(name: string, value: readonly Scalar[] | ReadonlyMap<string, Scalar>, settings: Settings): void
}

export function observed(settings: Settings, observer: SettingsObserver): Settings {
  const again = (inner: Settings) => observed(inner, observer)
  const self: Settings = {
    observer,
    bankPath: settings.bankPath,
    directory: settings.directory,
    runSub: settings.runSub,
    scalar: name => settings.scalar(name),
    string: name => settings.string(name),
    number: name => settings.number(name),
    flag: name => settings.flag(name),
    entry: name => settings.entry(name),
    list(name) {
      const value = settings.list(name)
      observer.read(name, value, settings)
      return value
    },
    hash(name) {
      const value = settings.hash(name)
      observer.read(name, value, settings)
      return value
    },
    withBanks: (names, report) => again(settings.withBanks(names, report)),
    withDirectory: directory => again(settings.withDirectory(directory)),
  }
  return self
}
