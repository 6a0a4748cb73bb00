/** dmarc — what of mailauth evaluates DMARC; made into dist/bundle/mailauth/. */
export {evaluateDmarc} from 'mailauth/lib/dmarc/index.js'
