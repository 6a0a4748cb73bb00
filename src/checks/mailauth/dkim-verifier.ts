/** dkim-verifier — what of mailauth verifies DKIM signatures and finds the ARC chain; made into dist/bundle/mailauth/. */
export {DkimVerifier} from 'mailauth/lib/dkim/dkim-verifier.js'
