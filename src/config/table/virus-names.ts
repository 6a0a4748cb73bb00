/**
 * table/virus-names — default of @virus_name_to_spam_score_maps: names that are points, not infections.
 *
 * One table, the first match decides; undef means an infection after all. Signature families of third
 * parties that tell of phishing and spam. Source: spec/config, Default @virus_name_to_spam_score_maps.
 */

/** Beginnings of names that are worth a tenth of a point. */
const POINT_FAMILIES = [
  'Safebrowsing\\.',
  'winnow\\.(?:phish|spam)\\.',
  'INetMsg\\.SpamDomain',
  'Doppelstern\\.(?:Spam|Scam|Phishing|Junk|Lott|Loan)',
  'Bofhland\\.Phishing',
  'ScamNailer\\.',
  'HTML/Bankish',
  'PORCUPINE_(?:JUNK|PHISHING)',
  'Porcupine\\.Junk',
  'PhishTank\\.Phishing\\.',
]

const RULES: readonly (readonly [pattern: string, points: string])[] = [
  ['^Structured\\.(?:SSN|CreditCardNumber)\\b', '0.1'],
  ['^(?:Heuristics\\.)?Phishing\\.', '0.1'],
  ['^(?:Email|HTML)\\.Phishing\\.(?!.*Sanesecurity)', '0.1'],
  ['^Sanesecurity\\.(?:Malware|Rogue|Trojan)\\.', 'undef'],
  ['^Sanesecurity\\.Foxhole\\.(?:Zip_exe|Zip_bat|Mail_gz|Mail_ace)', '0.1'],
  ['^Sanesecurity\\.Foxhole\\.Mail_tar', '0'],
  ['^Sanesecurity\\.Foxhole\\.', 'undef'],
  ['^Sanesecurity\\.', '0.1'],
  ['^Sanesecurity_PhishBar_', '0'],
  ['^Sanesecurity.TestSig_', '0'],
  ['^Email\\.Spam\\.Bounce(?:\\.[^.]+)*\\.Sanesecurity\\.', '0'],
  ['^(?:Email\\.Spammail\\b|MSRBL-(?:Images|SPAM)\\b|VX\\.Honeypot-SecuriteInfo\\.com\\.Joke)', '0.1'],
  ['^VX\\.not-virus_(?:Hoax|Joke)\\..*-SecuriteInfo\\.com(?:\\.|\\z)', '0.1'],
  ['^Email\\.Spam.*-SecuriteInfo\\.com(?:\\.|\\z)', '0.1'],
  [`^(?:${POINT_FAMILIES.join('|')})`, '0.1'],
  ['-SecuriteInfo\\.com(?:\\.|\\z)', 'undef'],
  ['^MBL_NA\\.UNOFFICIAL', '0.1'],
  ['^MBL_', 'undef'],
]

export const VIRUS_NAME_POINTS = `new_RE(\n${RULES.map(([pattern, points]) => `  [ qr'${pattern}' => ${points} ],`).join('\n')}\n)`
