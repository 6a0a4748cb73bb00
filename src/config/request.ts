/**
 * request — what the config reader is asked for and what it answers. Types; load.ts does it.
 */
import type {Origins} from './origins.ts'
import type {Problem} from './problem.ts'
import type {Snapshot} from './snapshot.ts'
import type {Scalar} from './value.ts'

/** Facts about this machine that configurations ask for, answered without running anything. */
export interface HostFacts {
  /** uname's node name */
  readonly hostname: string
  /** what `hostname --fqdn` would print */
  readonly fqdn: string
  /** the first line of /etc/mailname; undefined where there is no such file */
  readonly mailname: string | undefined
  /** whether this machine has IPv6; left out: it has */
  readonly inet6?: boolean
}

/** A variable set from the command line: scalars, and for `@` and `%` names lists of values. */
export type Override = {readonly name: string; readonly value: Scalar | readonly Scalar[]}

export interface LoadRequest {
  /** exactly these files, in order; none: the embedded defaults */
  readonly files: readonly string[]
  /** the value of -i, seen as `$instance_name` */
  readonly instance?: string
  /**
   * Settings of the command line (-H, -T, -Q, -R, -d, -m, -p …). `$MYHOME $TEMPBASE $QUARANTINEDIR
   * $daemon_chroot_dir` are set before the files are read, all of them after (spec/config, Which files).
   */
  readonly overrides?: readonly Override[]
  readonly host?: HostFacts
  /** seen as %ENV; default: this process's environment */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * Who may own the files: `effectiveUid` is the user that the daemon runs as. Left out: not checked
   * (-X no_conf_file_writable_check, and files that a person names for a test).
   */
  readonly ownership?: {readonly effectiveUid: number}
  /** check, too, what only a daemon needs: sockets, no chroot, and what it would do with mail */
  readonly daemon?: boolean
  /** take table files that do not exist as empty, and pass over included files that do not */
  readonly stubMissing?: boolean
}

export type LoadResult =
  | {
      readonly kind: 'ok'
      readonly snapshot: Snapshot
      readonly warnings: readonly Problem[]
      /** right as it stands, and worth a second look */
      readonly hints: readonly Problem[]
      /** where the entries of its lists and hashes were written; of this process only */
      readonly origins: Origins
    }
  | {
      readonly kind: 'failed'
      readonly problems: readonly Problem[]
      readonly warnings: readonly Problem[]
      readonly hints: readonly Problem[]
      readonly files: readonly string[]
      readonly variables: Snapshot['variables']
    }
