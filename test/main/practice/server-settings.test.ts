import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accessRules,
  passwordFileText,
  quoteSetting,
  serverSettings,
} from '../../../src-main/practice/server-settings';

/** As guc-file.l reads it: doubled quotes, and backslashes before n, r, backslash and quote. */
function unquote(text: string): string {
  return text
    .slice(1, -1)
    .replaceAll(/''|\\(.)/g, (whole, escaped: string | undefined) =>
      whole === "''" ? "'" : escaped === 'n' ? '\n' : escaped === 'r' ? '\r' : (escaped ?? ''),
    );
}

const settings = {
  port: 27010,
  title: 'Practice Ü worker-1',
  password: "it's",
  engineSettings: [['extension_control_path', '/a b:$system']] as const,
  extensionSettings: "citus.shard_count = '32'",
};

describe('postgresql.conf', () => {
  it('says every value so that PostgreSQL reads the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const quoted = quoteSetting(value);
        expect(quoted).not.toMatch(/[\n\r]/);
        expect(unquote(quoted)).toBe(value);
      }),
    );
  });

  it('keeps the node on this machine, and secrets and statements out of the log', () => {
    const lines = serverSettings(settings).split('\n');
    expect(lines).toContain("listen_addresses = '127.0.0.1'");
    expect(lines).toContain("unix_socket_directories = ''");
    expect(lines).toContain("password_encryption = 'scram-sha-256'");
    expect(lines).toContain("log_min_error_statement = 'panic'");
    expect(lines).toContain("shardboard.practice_password = 'it''s'");
    expect(lines).toContain("cluster_name = 'Practice ? worker-1'");
    expect(lines).toContain("extension_control_path = '/a b:$system'");
    expect(lines.indexOf("citus.shard_count = '32'")).toBeGreaterThan(lines.indexOf("port = '27010'"));
    expect(accessRules).not.toMatch(/trust|0\.0\.0\.0/);
  });

  it('escapes what separates fields in a password file', () => {
    expect(passwordFileText('a:b\\c')).toBe('*:*:*:*:a\\:b\\\\c\n');
  });
});
