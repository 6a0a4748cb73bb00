/**
 * plan — where a recording of the bus is kept, and how large it may be.
 */

export interface RecordingPlan {
  readonly folder: string
  readonly maxBytes: number
}

export const DEFAULT_RECORDING_BYTES = 64 * 1024 * 1024
