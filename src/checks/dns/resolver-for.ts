/**
 * resolver-for — the DNS as the settings have it; few children ever ask it themselves.
 */
import type {Settings} from '../../config/settings.ts'
import type {Resolve} from './resolver.ts'

export function resolverFor(settings: Settings): Resolve {
  let resolver: Promise<Resolve> | undefined
  return async (name, type) => {
    resolver ??= import('./resolver.ts').then(({createResolver}) =>
      createResolver(settings.list('@dns_servers').map(String)),
    )
    return (await resolver)(name, type)
  }
}
