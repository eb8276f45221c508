import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNameHider } from '../../../src-main/share/hide-names';

const known = {
  nodes: [
    { host: 'coord.db.agency.example', port: 5432 },
    { host: 'db-w1.db.agency.example', port: 5432 },
    { host: '10.1.2.3', port: 9701 },
    { host: '10.1.2.3', port: 9702 },
  ],
  hosts: ['jump-7.agency.example'],
  roles: ['clerk_reader', 'postgres'],
  databases: ['permits_prod'],
  clusters: ['Permits production'],
};
const hide = createNameHider(known);

describe('names in what is given to others', () => {
  it.each([
    ['db-w1.db.agency.example:5432 does not answer', 'node-2 does not answer'],
    ['DB-W1 refuses', 'node-2 refuses'],
    ['10.1.2.3:9702, then 10.1.2.3:9701', 'node-4, then node-3'],
    [
      'connection to server at "10.9.8.7", port 5432 failed',
      'connection to server at "hidden", port hidden failed',
    ],
    ['postgres://clerk_reader@db-w1.db.agency.example/permits_prod', 'postgres://hidden/database-1'],
    ['role "somebody_else" does not exist', 'role "hidden" does not exist'],
    ['role "postgres" is a superuser', 'role "role-2" is a superuser'],
    ['host=db-9 user=x dbname=y port=1', 'host=hidden user=hidden dbname=hidden port=1'],
    ['address fe80::1ff:fe23:4567:890a is new', 'address hidden address is new'],
    [':9701 · 5.8 MB, port 9702', 'port hidden · 5.8 MB, port hidden'],
    ['Permits production, 12:04:31', 'cluster-1, 12:04:31'],
    [
      'SELECT citus_version(); PostgreSQL 15.20, Citus 13.2.2',
      'SELECT citus_version(); PostgreSQL 15.20, Citus 13.2.2',
    ],
    ['2026-03-01T12:04:31.000Z', '2026-03-01T12:04:31.000Z'],
    ['public.permits_102008', 'public.permits_102008'],
  ])('turns %s into %s', (text, expected) => {
    expect(hide(text)).toBe(expected);
  });

  const label = fc.stringMatching(/^[a-z][a-z0-9]{3,8}-[a-z0-9]{2,5}$/);
  const host = fc.oneof(
    fc.tuple(label, label).map(([name, domain]) => `${name}.${domain}.example`),
    label,
    fc.ipV4(),
    fc.ipV6(),
  );
  const role = fc.stringMatching(/^[a-z]{4,8}_[a-z0-9]{3,6}$/);
  const words = fc.constantFrom(
    (name: string) => `connection to ${name} was lost`,
    (name: string) => `"${name}"`,
    (name: string) => (name.includes(':') ? `[${name}]:5432` : `${name}:5432`),
    (name: string) => `could not translate host name "${name}" to address`,
    (name: string) => `SELECT * FROM master_add_node('${name}', 5432)`,
    (name: string) => `(${name}),[${name}]\n${name}; ${name}.`,
  );

  it('leaves no name of the record anywhere', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(host, { minLength: 1, maxLength: 5 }),
        fc.uniqueArray(role, { minLength: 3, maxLength: 3 }),
        fc.array(words, { minLength: 1, maxLength: 4 }),
        (hosts, [user = '', database = '', owner = ''], sentences) => {
          const hider = createNameHider({
            nodes: hosts.slice(1).map((name, index) => ({ host: name, port: 5432 + (index % 2) })),
            hosts: hosts.slice(0, 1),
            roles: [user, owner],
            databases: [database],
            clusters: [],
          });
          const names = [...hosts, user, database, owner];
          const text = names.flatMap((name) => sentences.map((say) => say(name))).join('\n');
          const hidden = hider(text);
          for (const name of names) expect(hidden.toLowerCase()).not.toContain(name.toLowerCase());
        },
      ),
    );
  });

  // Names that people give to roles: quoted ones may hold anything.
  const bareRole = fc.oneof(
    fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/),
    fc.stringMatching(/^[a-z]{2,6}[.@-][a-z]{2,6}$/),
    fc.constantFrom('müller', 'O’Brien', 'a.b+c', 'svc$1', '(none)', 'web app', '管理者'),
  );
  const around = fc.constantFrom(
    ...[' ', '\n', ', ', '; ', '. ', ' (', ') ', " '", "' ", ' "', '" ', ' = ', ' / ', ' @ ', ': ', ' → '],
  );
  const spoken = fc.constantFrom('belongs to', 'was granted by', 'waits for', '2026-03-01', '102008');

  it('leaves no role that is known standing bare, wherever in a free text', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(bareRole, { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(), around, spoken, around), { minLength: 1, maxLength: 8 }),
        (roles, parts) => {
          const hider = createNameHider({ nodes: [], hosts: [], roles, databases: [], clusters: [] });
          const own = /^(?:role|hidden|database|user|port|is|to|by|for|was|belongs|granted|waits)$/;
          fc.pre(!roles.some((name) => own.test(name)));
          const nameAt = (index: number): string => roles[index % roles.length] ?? '';
          const text = parts
            .map(([index, before, words, after]) => `${words}${before}${nameAt(index)}${after}`)
            .join('');
          const expected = parts
            .map(
              ([index, before, words, after]) =>
                `${words}${before}role-${(index % roles.length) + 1}${after}`,
            )
            .join('');
          expect(hider(text)).toBe(expected);
        },
      ),
    );
  });

  it('is quick with thousands of roles and texts', () => {
    const roles = Array.from({ length: 5_000 }, (_, index) => `staff_${index}`);
    const hider = createNameHider({ nodes: [], hosts: [], roles, databases: [], clusters: [] });
    const texts = roles.map((name) => `table of ${name}, granted to ${name}x`);
    expect(texts.map(hider)).toEqual(
      roles.map((name, index) => `table of role-${index + 1}, granted to ${name}x`),
    );
  });

  it('leaves no address that nobody told of', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), words, (address, say) => {
        // "::" and "::1" are of this machine and of nobody.
        fc.pre(address.length > 6);
        expect(hide(say(address))).not.toContain(address);
      }),
    );
  });
});
