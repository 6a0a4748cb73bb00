/** spf — what of mailauth evaluates SPF; made into dist/bundle/mailauth/. */
export {spf} from 'mailauth/lib/spf/index.js'
