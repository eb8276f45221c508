// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HealthCheck, HealthReport } from '../../../src-main/contract/health';
import { countFindings, toReportText } from '../../../src-renderer/health/health-words';
import { withNames } from '../../../src-renderer/nodes/node-names';
import HealthView from '../../../src-renderer/health/HealthView.vue';
import { clusterId, makeCluster } from '../cluster-fixture';
import { button, mountView } from '../mount-view';
import type { Mounted } from '../mount-view';

let mounted: Mounted | undefined;
afterEach(() => {
  mounted?.end();
  mounted = undefined;
  vi.useRealTimers();
});

const fixture = makeCluster({ workers: 2 });
const at = '2026-03-01T12:00:00.000Z';

function aCheck(more: Partial<HealthCheck> = {}): HealthCheck {
  return {
    id: 'wal-level',
    title: 'wal_level is logical everywhere',
    level: 'fine',
    word: 'fine',
    found: 'Shards can be moved online.',
    means: 'Moving shards online decodes the log.',
    how: { words: 'Asked on every node.', statement: 'SHOW wal_level' },
    mend: null,
    evidence: [{ subject: '127.0.0.1:9801', value: 'logical', isFinding: false }],
    since: at,
    ...more,
  };
}

const stuck = aCheck({
  id: 'online-moves',
  title: 'audit_events cannot move online',
  level: 'mind',
  word: 'mind',
  found: 'Any rebalance of its group stops at its start.',
  mend: { text: 'Give it a key.', sql: 'ALTER TABLE audit_events REPLICA IDENTITY FULL;', page: 'tables' },
  evidence: [{ subject: 'audit_events', value: 'no primary key', isFinding: true }],
});

function aReport(more: Partial<HealthReport> = {}): HealthReport {
  return {
    clusterId,
    revision: 1,
    takenAt: new Date().toISOString(),
    tookMs: 400,
    verdict: { level: 'mind', words: 'one thing wants your mind; 1 check is fine' },
    checks: [stuck, aCheck()],
    ...more,
  };
}

const fine = aReport({
  revision: 2,
  verdict: { level: 'fine', words: 'all 1 check is fine' },
  checks: [aCheck()],
});

describe('HealthView', () => {
  it('shows the last report: the verdict, the worst first, and how it was found', async () => {
    mounted = await mountView(HealthView, { fixture, answers: { 'health.report': () => aReport() } });
    expect(mounted.wrapper.get('header').text()).toContain('one thing wants your mind');
    expect(mounted.wrapper.findAll('li')).toHaveLength(1);
    const panel = mounted.wrapper.get('aside').text();
    expect(panel).toContain('SHOW wal_level');
    expect(panel).toContain('ALTER TABLE audit_events REPLICA IDENTITY FULL;');
    expect(panel).toContain('no primary key');
    expect(mounted.bridge.calls.some(({ name }) => name === 'health.check')).toBe(false);
  });

  it('unfolds what is fine, and shows how each was found', async () => {
    mounted = await mountView(HealthView, { fixture, answers: { 'health.report': () => aReport() } });
    const fold = button(mounted.wrapper, '1 check is fine');
    expect(fold.attributes('aria-expanded')).toBe('false');
    await fold.trigger('click');
    expect(fold.attributes('aria-expanded')).toBe('true');
    await button(mounted.wrapper, 'fine').trigger('click');
    expect(mounted.wrapper.get('aside').text()).toContain('wal_level is logical everywhere');
  });

  it('leads to the page that mends', async () => {
    mounted = await mountView(HealthView, { fixture, answers: { 'health.report': () => aReport() } });
    await button(mounted.wrapper, 'Open tables').trigger('click');
    await flushPromises();
    expect(mounted.router.currentRoute.value.name).toBe('tables');
  });

  it('checks at once where there is no report, with a skeleton meanwhile', async () => {
    let answer: (report: HealthReport) => void = () => undefined;
    mounted = await mountView(HealthView, {
      fixture,
      answers: {
        'health.report': () => null,
        'health.check': () => new Promise<HealthReport>((resolve) => (answer = resolve)),
      },
    });
    expect(mounted.wrapper.text()).toContain('Checking the cluster');
    answer(fine);
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('Nothing wants attention');
  });

  it('keeps the last report when a check fails, says why, and checks again', async () => {
    mounted = await mountView(HealthView, { fixture, answers: { 'health.report': () => aReport() } });
    await button(mounted.wrapper, 'Check again').trigger('click');
    await flushPromises();
    expect(mounted.wrapper.get('[role=alert]').text()).toContain('no answer for health.check');
    expect(mounted.wrapper.text()).toContain('audit_events cannot move online');
    mounted.bridge.answer({ 'health.check': () => fine });
    await button(mounted.wrapper, 'Check again').trigger('click');
    await flushPromises();
    expect(mounted.wrapper.find('[role=alert]').exists()).toBe(false);
    expect(mounted.wrapper.text()).toContain('Nothing wants attention');
  });

  it('can be stopped while it checks', async () => {
    mounted = await mountView(HealthView, {
      fixture,
      answers: { 'health.report': () => aReport(), 'health.check': () => new Promise(() => undefined) },
    });
    await button(mounted.wrapper, 'Check again').trigger('click');
    expect(mounted.wrapper.find('[role=progressbar]').exists()).toBe(true);
    await button(mounted.wrapper, 'Cancel').trigger('click');
    await flushPromises();
    expect(mounted.bridge.cancelled).toHaveLength(1);
    expect(mounted.wrapper.find('[role=progressbar]').exists()).toBe(false);
    expect(mounted.wrapper.text()).toContain('audit_events cannot move online');
  });

  it('follows the reports that main makes, and goes on looking', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    mounted = await mountView(HealthView, { fixture, answers: { 'health.report': () => aReport() } });
    mounted.store.putHealth(fine);
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('Nothing wants attention');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(mounted.bridge.calls.filter(({ name }) => name === 'health.report')).toHaveLength(2);
    mounted.end();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(mounted.bridge.calls.filter(({ name }) => name === 'health.report')).toHaveLength(2);
    mounted = undefined;
  });

  it('copies the report as text', async () => {
    mounted = await mountView(HealthView, {
      fixture,
      answers: { 'health.report': () => aReport(), 'app.copyText': () => null },
    });
    await button(mounted.wrapper, 'Copy as text').trigger('click');
    await flushPromises();
    const copied = mounted.bridge.calls.find(({ name }) => name === 'app.copyText');
    expect(JSON.stringify(copied?.input)).toContain('audit_events cannot move online');
    expect(mounted.wrapper.text()).toContain('Copied');
  });
});

describe('the words of a report', () => {
  it('are the findings in full and what is fine by name', () => {
    expect(toReportText(aReport({ takenAt: at }), 'permits'))
      .toBe(`Health of permits, ${at}: one thing wants your mind; 1 check is fine.

[mind] audit_events cannot move online
Any rebalance of its group stops at its start.
Since: ${at}
Means: Moving shards online decodes the log.
Mend: Give it a key.
    ALTER TABLE audit_events REPLICA IDENTITY FULL;
Found by: Asked on every node.
    SHOW wal_level
- audit_events: no primary key

Fine:
- wal_level is logical everywhere: Shards can be moved online.`);
  });

  it('count what stops and what wants a mind', () => {
    expect(countFindings(undefined)).toBe(0);
    expect(
      countFindings(
        aReport({ checks: [stuck, { ...stuck, level: 'stops' }, { ...stuck, level: 'unknown' }] }),
      ),
    ).toBe(2);
  });

  it('name nodes as people named them, and no longer port that begins the same', () => {
    const named = [{ name: 'worker-1', host: '127.0.0.1', port: 980 }];
    expect(withNames('127.0.0.1:980 and 127.0.0.1:9801', named)).toBe('worker-1 and 127.0.0.1:9801');
  });
});
