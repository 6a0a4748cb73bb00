/** arc — what of mailauth evaluates an ARC chain; made into dist/bundle/mailauth/. */
export {arc} from 'mailauth/lib/arc/index.js'
