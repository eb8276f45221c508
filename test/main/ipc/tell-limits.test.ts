import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src-main/contract/operations';
import type { SessionPhase, SessionState } from '../../../src-main/contract/sessions';
import type { NoticeText } from '../../../src-main/ipc/publish';
import { createLimitsTeller } from '../../../src-main/ipc/tell-limits';

const looksOnly: Finding = {
  level: 'mind',
  code: 'role-not-superuser',
  message: 'Role "reader" can look at the cluster.',
  remedy: 'Connect as a superuser to change nodes.',
};

function setUp() {
  const notices: NoticeText[] = [];
  const tell = createLimitsTeller(
    (notice) => notices.push(notice),
    () => 'Permits',
  );
  const enter = (phase: SessionPhase, limits?: readonly Finding[]): void => {
    const state: SessionState = { clusterId: 'c1', revision: 1, phase, since: '', address: 'a:1' };
    tell(limits ? { ...state, limits } : state);
  };
  return { notices, enter };
}

describe('what limits a session', () => {
  it('is told with the way forward, once, however often the session comes back', () => {
    const { notices, enter } = setUp();
    enter('connecting');
    expect(notices).toEqual([]);
    for (let turn = 0; turn < 3; turn += 1) {
      enter('open', [looksOnly]);
      enter('lost');
    }
    expect(notices).toEqual([
      {
        level: 'mind',
        title: 'Permits: not everything is possible',
        text: 'Role "reader" can look at the cluster. Connect as a superuser to change nodes.',
        clusterId: 'c1',
      },
    ]);
  });

  it('is told again after the cluster was closed, and when it changed', () => {
    const { notices, enter } = setUp();
    enter('open', [looksOnly]);
    enter('open', [looksOnly, { level: 'mind', code: 'standby', message: 'This is a standby.' }]);
    enter('closed');
    enter('open', [looksOnly]);
    expect(notices).toHaveLength(3);
  });

  it('is not mentioned where there is nothing', () => {
    const { notices, enter } = setUp();
    enter('open', []);
    enter('open');
    expect(notices).toEqual([]);
  });
});
