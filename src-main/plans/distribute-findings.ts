/** What a person should know about distributing one table, though nothing stands against it. */
import type { Finding, RequestOf } from '../contract/operations';
import { appendFindings } from './append-refusals';
import { identityRepairId } from './identity-columns';
import { counted, listed, readable, sameTable, sizeWords } from './plan';
import type { TableFacts } from '../contract/table-facts';
import type { DistributeFacts } from './distribute-facts';

type Request = RequestOf<'distribute-table'>;

export function findingsOf(
  table: TableFacts,
  request: Request,
  compares: boolean,
  facts: DistributeFacts,
): readonly Finding[] {
  if (request.as.type === 'append') return appendFindings(table);
  const name = readable(table);
  const findings: Finding[] = [];
  if (request.as.type === 'hash') {
    const wanted = request.as.column;
    const column = table.columns.find((one) => one.name === wanted);
    if (column?.isNullable && facts.columnHasNull === 'unknown') {
      findings.push({
        level: 'mind',
        code: 'null-unknown',
        message: `Whether ${wanted} is NULL somewhere was not found out in time; one such row makes the step fail without a change.`,
        remedy: 'SET NOT NULL on the column first, which looks at every row.',
      });
    }
    const distinct = column?.distinctEstimate ?? null;
    if (distinct !== null && distinct >= 0 && distinct < 32) {
      findings.push({
        level: 'mind',
        code: 'few-values',
        message: `${wanted} has about ${counted(distinct, 'value')}: most shards will stay empty.`,
        remedy: 'Choose a column with many values, such as a tenant or entity id.',
      });
    }
    if (!table.hasReplicaIdentity && table.kind !== 'partitioned') {
      findings.push({
        level: 'mind',
        code: 'no-replica-identity',
        message: `${name} has no primary key and no replica identity; a later rebalance in auto mode stops at it as a whole.`,
        remedy: 'Add a primary key that contains the distribution column.',
      });
    }
  }
  const plainReferencing = plainTablesReferencing(facts, table);
  if (plainReferencing.length > 0 && request.as.type === 'hash') {
    findings.push({
      level: 'mind',
      code: 'referenced-by-plain',
      message: `${listed(plainReferencing)} ${plainReferencing.length === 1 ? 'references' : 'reference'} ${name} and ${plainReferencing.length === 1 ? 'stays an ordinary table' : 'stay ordinary tables'}: the key goes on checking the old local rows.`,
      remedy: `Distribute ${plainReferencing.length === 1 ? 'it' : 'them'} next, colocated with ${name}. The local copy is kept until then.`,
    });
  }
  const identities = table.columns.filter((column) => column.identity !== null);
  if (identities.length > 0 && request.as.type !== 'local') {
    findings.push({
      level: 'mind',
      code: 'identity',
      message: `${name} has the identity column ${listed(identities.map((column) => column.name))}; Citus makes no table anew that has one, so a later change has to set it aside first.`,
      remedy: 'Number it by a sequence before it is distributed, while that can still be done.',
      repair: { id: identityRepairId(table), title: 'Number it by a sequence' },
    });
  }
  const idle = table.columns.filter((column) => column.hasSequenceDefault);
  if (idle.length > 0 && request.as.type !== 'local') {
    findings.push({
      level: 'fine',
      code: 'sequences',
      message: `Numbers for ${listed(idle.map((column) => column.name))} go on coming from the coordinator's sequence; inserts through other nodes use a range of their own.`,
    });
  }
  if (request.as.type !== 'local') {
    findings.push(
      compares
        ? { level: 'fine', code: 'compared', message: 'Rows are counted before and after, and compared.' }
        : {
            level: 'mind',
            code: 'not-compared',
            message: `${sizeWords(table.totalBytes)} are too much to count twice; rows are not compared.`,
          },
    );
  }
  if (request.as.type === 'hash' && request.as.concurrently) findings.push(...concurrentFindings(table));
  else if (request.as.type === 'hash' && table.totalBytes > 1024 ** 3) {
    findings.push({
      level: 'mind',
      code: 'writes-wait',
      message: `Writes to ${name} wait while ${sizeWords(table.totalBytes)} are copied.`,
      remedy: 'Choose a quiet hour.',
    });
  }
  return findings;
}

function concurrentFindings(table: TableFacts): readonly Finding[] {
  const name = readable(table);
  const findings: Finding[] = [
    {
      level: 'fine',
      code: 'writes-go-on',
      message: `Writes to ${name} go on while ${sizeWords(table.totalBytes)} are copied; they wait for a few seconds at the end. Its definition cannot be changed meanwhile.`,
    },
    {
      level: 'mind',
      code: 'not-one-transaction',
      message: `Copying ${name} while it is written to is not one transaction: ended half way, it can be left as a local table in the metadata.`,
      remedy: 'Nothing is lost then; the same step can be run again.',
    },
  ];
  if (!table.hasReplicaIdentity && table.kind !== 'partitioned') {
    findings.push({
      level: 'mind',
      code: 'updates-fail',
      message: `UPDATE and DELETE on ${name} fail while it is copied: it has no primary key and no replica identity. INSERT goes on.`,
      remedy: 'Add a primary key first, or distribute it with writes waiting.',
    });
  }
  return findings;
}

/** Ordinary tables that would make truncating the local copy impossible: Citus refuses it then. */
export function plainTablesReferencing(
  facts: Pick<DistributeFacts, 'snapshot'>,
  table: TableFacts,
): readonly string[] {
  const plain = table.referencedBy.filter(
    (key) => !sameTable(key.table, table) && !facts.snapshot.tables.some((one) => sameTable(one, key.table)),
  );
  return [...new Set(plain.map((key) => readable(key.table)))];
}
