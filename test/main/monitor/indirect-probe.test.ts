import { describe, expect, it } from 'vitest';
import type { Reader } from '../../../src-main/connections/database';
import type { Failure } from '../../../src-main/contract/failure';
import { createIndirectProbe, indirectPatienceMs } from '../../../src-main/monitor/indirect-probe';
import { node } from '../plans/fixtures';
import { createFakeClock } from './fake-clock';
import { fail } from './fake-cluster';

const missing: Failure = { kind: 'database', message: 'no such function', sqlState: '42883' };

function setUp(answer: (text: string) => Promise<readonly object[]>) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const reader: Reader = {
    address: 'db-c1:5432',
    read: (async ({ text }: { text: string }) => {
      asked.push(text);
      return answer(text);
    }) as Reader['read'],
  };
  const probe = createIndirectProbe({ aside: () => Promise.resolve(reader), clock });
  return { clock, asked, probe };
}

describe('asking the coordinator', () => {
  it('is done once for all nodes that wait, with their names quoted', async () => {
    const { clock, asked, probe } = setUp(() =>
      Promise.resolve([
        { name: 'db-w1', port: 5432, reached: true },
        { name: `o'neil`, port: 5432, reached: false },
      ]),
    );
    const answers = [probe.ask(node(1)), probe.ask(node(2, { name: `o'neil` })), probe.ask(node(3))];
    await clock.pass(100);
    // Of a node that the answer does not name nothing was reached.
    expect(await Promise.all(answers)).toEqual([true, false, false]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(`ARRAY['db-w1', 'o''neil', 'db-w3']`);
  });

  it('is done one by one where the server has no other way, and ends with the patience', async () => {
    const { clock, asked, probe } = setUp((text) =>
      text.includes('master_run_on_worker') ? fail(missing) : new Promise<never>(() => undefined),
    );
    const answers = [probe.ask(node(1)), probe.ask(node(2))];
    await clock.pass(indirectPatienceMs);
    expect(await Promise.all(answers)).toMatchObject([{ kind: 'timeout' }, { kind: 'timeout' }]);
    expect(asked).toHaveLength(2);
  });

  it('tells why nothing was told', async () => {
    const { clock, probe } = setUp(() => fail({ kind: 'permission', message: 'not allowed' }));
    const answers = [probe.ask(node(1)), probe.ask(node(2))];
    await clock.pass(100);
    expect(await Promise.all(answers)).toMatchObject([{ kind: 'permission' }, { kind: 'permission' }]);
  });
});
