/**
 * resolver-for — the DNS as the settings have it; few children ever ask it themselves.
 */
import type {Settings} from '../../config/settings.ts'
import type {ResolveTxt} from './resolver.ts'

export function resolverFor(settings: Settings): ResolveTxt {
  let resolver: Promise<ResolveTxt> | undefined
  return async name => {
    resolver ??= import('./resolver.ts').then(({createResolver}) =>
      createResolver(settings.list('@dns_servers').map(String)),
    )
    return (await resolver)(name)
  }
}
