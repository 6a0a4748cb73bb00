/**
 * regexp-clock — work that is stopped when it takes too long.
 *
 * A regular expression cannot be interrupted from JavaScript, but V8 ends it when a `vm` script runs out of
 * time. Starting the clock costs about 0.2 ms, so it is for the few patterns that need it.
 */
import vm from 'node:vm'

interface Clock {
  readonly sandbox: {run: (() => unknown) | undefined}
  readonly script: vm.Script
}

let clock: Clock | undefined

/** The work's result, or the error that `late` makes. */
export function withinTime<T>(work: () => T, limitMs: number, late: () => Error): T {
  clock ??= newClock()
  const {sandbox, script} = clock
  let result: T | undefined
  sandbox.run = () => {
    result = work()
  }
  try {
    script.runInContext(sandbox as vm.Context, {timeout: limitMs})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw late()
    throw error
  } finally {
    sandbox.run = undefined
  }
  return result as T
}

function newClock(): Clock {
  const sandbox: Clock['sandbox'] = {run: undefined}
  vm.createContext(sandbox)
  return {sandbox, script: new vm.Script('run()')}
}
