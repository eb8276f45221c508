/** Writes to a distributed table without a rest, and an account of what must, may and must not be there afterwards. */
import type { Database } from '../../src-main/connections/database';
import { waitFor } from './wait';

export const loadedTable = 'accounts';
const tenants = 40;
const firstRows = 2_000;

/** Makes the table that a load writes to: rows 1 to 2000 in 8 shards, each with a note that follows from its id. */
export async function createLoadedTable(database: Database): Promise<void> {
  const run = async (text: string): Promise<void> => void (await database.change({ text }));
  await run(
    `CREATE TABLE ${loadedTable} (tenant bigint, id bigint, amount bigint NOT NULL, note text NOT NULL, PRIMARY KEY (tenant, id))`,
  );
  await run(`SELECT create_distributed_table('${loadedTable}', 'tenant', shard_count => 8)`);
  await run(
    `INSERT INTO ${loadedTable} SELECT 1 + i % ${tenants}, i, 0, md5(i::text) FROM generate_series(1, ${firstRows}) i`,
  );
}

export interface WriteLoad {
  /** Statements of each kind that the server said yes to. */
  counts(): { readonly inserts: number; readonly updates: number; readonly deletes: number };
  /** Ends the writing; resolves when the last statement was answered. */
  end(): Promise<void>;
  /** Every way in which the table differs from what was written, a sentence each; empty when none does. */
  differences(database: Database): Promise<readonly string[]>;
}

/** What is known of a row: how often it was counted up for sure, and how often at most. */
interface Account {
  readonly least: bigint;
  readonly most: bigint;
  /** False: it was deleted, or never inserted. `null`: the answer was lost. */
  readonly isThere: boolean | null;
}

/**
 * One session: a row inserted, a row of before counted up, now and then a row of its own deleted. A statement that failed
 * may or may not have taken effect; one that succeeded has. An UPDATE that finds no row is a lost row and is told at once.
 * @param connect opens the session, and opens it again when it was lost
 */
export async function startWriteLoad(connect: () => Promise<Database>): Promise<WriteLoad> {
  let writer = await connect();
  const rows = await readRows(writer);
  const accounts = new Map<number, Account>(
    rows.map((row) => [row.id, { least: row.amount, most: row.amount, isThere: true }]),
  );
  const missed: string[] = [];
  const counts = { inserts: 0, updates: 0, deletes: 0 };
  let next = rows.reduce((last, { id }) => Math.max(last, id), 0);
  let ended = false;

  /** Null where it is ended before the server is back. */
  const reconnected = async (): Promise<Database | null> => {
    let again: Database | null = null;
    await waitFor(
      'the load to connect again',
      async () => ended || (again = await connect()) !== null,
      120_000,
      200,
    );
    return again;
  };
  /** Rows that it touched; null when the server did not say. */
  const write = async (text: string): Promise<number | null> => {
    try {
      const answer = await writer.change<Record<string, unknown>>({ text }, { timeoutMs: 15_000 });
      return answer.rows.length;
    } catch {
      if (!writer.isOpen) writer = (await reconnected()) ?? writer;
      return null;
    }
  };
  const put = (id: number, change: Partial<Account>): void => {
    const before = accounts.get(id) ?? { least: 0n, most: 0n, isThere: false };
    accounts.set(id, { ...before, ...change });
  };
  const at = (id: number): string => `tenant = ${tenantOf(id)} AND id = ${id}`;

  const insert = async (id: number): Promise<void> => {
    const done = await write(
      `INSERT INTO ${loadedTable} VALUES (${tenantOf(id)}, ${id}, 0, md5('${id}')) RETURNING id`,
    );
    if (done !== null) counts.inserts += 1;
    put(id, { isThere: done === null ? null : true });
  };
  const countUp = async (id: number): Promise<void> => {
    const before = accounts.get(id);
    if (before?.isThere !== true) return;
    const done = await write(`UPDATE ${loadedTable} SET amount = amount + 1 WHERE ${at(id)} RETURNING id`);
    if (done === 1) counts.updates += 1;
    else if (done !== null) missed.push(`an UPDATE of row ${id} touched ${done} rows`);
    put(id, {
      least: before.least + (done === 1 ? 1n : 0n),
      most: before.most + (done === 0 ? 0n : 1n),
    });
  };
  const remove = async (id: number): Promise<void> => {
    if (accounts.get(id)?.isThere !== true) return;
    const done = await write(`DELETE FROM ${loadedTable} WHERE ${at(id)} RETURNING id`);
    if (done === 1) counts.deletes += 1;
    else if (done !== null) missed.push(`a DELETE of row ${id} touched ${done} rows`);
    put(id, { isThere: done === null ? null : false });
  };

  const work = (async () => {
    while (!ended) {
      next += 1;
      await insert(next);
      await countUp(1 + ((next * 7) % firstRows));
      if (next % 3 === 0) await remove(next - 2);
    }
  })();

  return {
    counts: () => ({ ...counts }),
    async end() {
      ended = true;
      await work;
    },
    async differences(database) {
      const found = await readRows(database);
      const differences = [...missed];
      const seen = new Set<number>();
      for (const { id, tenant, amount, note, isWhole } of found) {
        const account = accounts.get(id);
        if (seen.has(id)) differences.push(`row ${id} is there twice`);
        seen.add(id);
        if (!account || account.isThere === false) {
          differences.push(`row ${id} is there and was ${account ? 'deleted' : 'never written'}`);
        } else if (amount < account.least || amount > account.most) {
          differences.push(`row ${id} counts ${amount}, not ${account.least} to ${account.most}`);
        }
        if (tenant !== tenantOf(id) || !isWhole) differences.push(`row ${id} is garbled: ${tenant}, ${note}`);
      }
      for (const [id, { isThere }] of accounts) {
        if (isThere === true && !seen.has(id)) differences.push(`row ${id} is lost`);
      }
      return differences;
    },
  };
}

function tenantOf(id: number): number {
  return 1 + (id % tenants);
}

interface Row {
  readonly id: number;
  readonly tenant: number;
  readonly amount: bigint;
  readonly note: string;
  readonly isWhole: boolean;
}

async function readRows(database: Database): Promise<readonly Row[]> {
  const rows = await database.read<{
    readonly id: string;
    readonly tenant: string;
    readonly amount: string;
    readonly note: string;
    readonly whole: boolean;
  }>({
    text: `SELECT id::text, tenant::text, amount::text, note, note = md5(id::text) AS whole FROM ${loadedTable}`,
  });
  return rows.map((row) => ({
    id: Number(row.id),
    tenant: Number(row.tenant),
    amount: BigInt(row.amount),
    note: row.note,
    isWhole: row.whole,
  }));
}
