import { describe, expect, it } from 'vitest';
import { toEstimates } from '../../../src-main/citus/row-estimates';
import { aNode } from '../../support/cluster-records';

const nodes = [
  aNode({ nodeId: 1, groupId: 0 }),
  aNode({ nodeId: 2, groupId: 1, port: 9801 }),
  aNode({ nodeId: 3, groupId: 2, port: 9802 }),
];
const shards = [
  { shardId: '10', tableOid: 7, minValue: 0, maxValue: 1, groupIds: [1] },
  { shardId: '11', tableOid: 7, minValue: 2, maxValue: 3, groupIds: [2] },
];
const answer = (rows: readonly object[]) => ({ ok: true as const, rows: { rows } });

describe('toEstimates', () => {
  it('adds up what the nodes say by table, whatever shard they name', () => {
    const answers = new Map([
      [2, answer([{ shardId: '10', rows: 40, unanalysedShards: 0 }])],
      [
        3,
        answer([
          { shardId: '11', rows: 2, unanalysedShards: 1 },
          { shardId: '99', rows: 5, unanalysedShards: 0 },
        ]),
      ],
    ]);
    expect(toEstimates(answers, { nodes, shards })).toEqual({
      estimates: { 7: { rows: 42, unanalysedShards: 1 } },
      incomplete: null,
    });
  });

  it('names the nodes that hold shards and did not answer', () => {
    const answers = new Map([[2, { ok: false as const, why: 'gone' }]]);
    expect(toEstimates(answers, { nodes, shards }).incomplete).toBe(
      'Rows on 127.0.0.1:9801, 127.0.0.1:9802 are not counted: no answer.',
    );
  });
});
