import { describe, expect, it } from 'vitest';
import { known, notKnown } from '../../../../src-main/plans/health/facts';
import { toConnections } from '../../../../src-main/plans/health/connections';
import { nodeFacts } from './fixtures';

const nodes = [nodeFacts(0), nodeFacts(1)];
const pair = (from: string, to: string, reached: boolean) => ({ from, to, reached });

describe('who reaches whom', () => {
  it('is a row and a column for each node, also for those that are away', () => {
    expect(
      toConnections({
        nodes,
        away: ['db-w2:5432'],
        connectivity: known({
          pairs: [pair('db-c1:5432', 'db-w1:5432', true), pair('db-w1:5432', 'db-c1:5432', false)],
          silent: [],
        }),
      }),
    ).toEqual({ nodes: ['db-c1:5432', 'db-w1:5432', 'db-w2:5432'], rows: ['.+?', 'x.?', '??.'] });
  });

  it('is not known where nothing was told, and nothing where there is one node', () => {
    expect(toConnections({ nodes, away: [], connectivity: notKnown('no') })?.rows).toEqual(['.?', '?.']);
    expect(
      toConnections({ nodes: [nodeFacts(0)], away: [], connectivity: known({ pairs: [], silent: [] }) }),
    ).toBeUndefined();
  });
});
