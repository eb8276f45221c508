/** Takes secrets out of text before it is written anywhere: log, journal, audit trail. */

const rules: readonly (readonly [RegExp, string])[] = [
  // postgres://user:secret@host
  [/(\bpostgres(?:ql)?:\/\/[^\s:@/]+:)[^\s@]+@/gi, '$1***@'],
  // password=secret, password: 'secret', "password":"secret", passfile secrets, PGPASSWORD=...
  [
    /((?:"|')?\b(?:pg)?(?:password|passwd|passphrase|secret)(?:"|')?\s*[=:]\s*)(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^\s,;}&]+)/gi,
    '$1***',
  ],
  // ALTER ROLE x PASSWORD 'secret'
  [/(\bpassword\s+)(?:E?'(?:[^']|'')*')/gi, "$1'***'"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, '*** private key ***'],
  // SCRAM verifiers
  [/SCRAM-SHA-256\$[^\s'"]+/g, 'SCRAM-SHA-256$***'],
];

export function redact(text: string): string {
  return rules.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}
