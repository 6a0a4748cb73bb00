/**
 * queues — which queues of Postfix are counted, and by which ages.
 */
export const QUEUES = ['maildrop', 'incoming', 'active', 'deferred'] as const

/** In minutes, as qshape(1) has them. */
export const QUEUE_AGES_MIN: readonly number[] = [5, 10, 20, 40, 80, 160, 320, 640, 1280]
