// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import type { HealthReport } from '../../../src-main/contract/health';
import { createNameHider } from '../../../src-main/share/hide-names';
import { reportPage } from '../../../src-renderer/health/report-html';
import { toNodeTitles } from '../../../src-renderer/nodes/node-names';
import { toNodeState } from '../../../src-renderer/nodes/node-words';
import { cleaned } from '../../../src-renderer/share/clean';
import { escapeMarkup } from '../../../src-renderer/share/markup';
import { framedGraph, textsOf } from '../../../src-renderer/topology/graph-frame';
import { toGraph } from '../../../src-renderer/topology/graph-model';
import { graphSvg } from '../../../src-renderer/topology/graph-svg';
import { noTraffic } from '../../../src-renderer/topology/moves';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { cellsToCsv } from '../../../src-renderer/ui/table-rows';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';
import { makeCluster, makeConditions } from '../cluster-fixture';
import { palette } from '../topology/palette-fixture';

let uninstall: (() => void) | undefined;
afterEach(() => uninstall?.());

function graphOf(workers: number, openNode: number | null = null) {
  const fixture = makeCluster({ workers, families: 2, tablesPerFamily: 2, hosts: true });
  const { snapshot } = fixture;
  const titles = toNodeTitles(snapshot.nodes);
  const conditions = new Map(makeConditions(fixture).nodes.map((one) => [one.nodeId, one]));
  const states = new Map(
    snapshot.nodes.map(({ nodeId }) => [
      nodeId,
      toNodeState({
        condition: conditions.get(nodeId),
        traffic: noTraffic,
        nowMs: Date.parse(snapshot.takenAt),
      }),
    ]),
  );
  const graph = toGraph({
    nodes: snapshot.nodes,
    titles,
    states,
    shards: mapShards(snapshot, fixture.sizes),
    traffic: noTraffic,
    palette,
    colouring: 'group',
    litTable: null,
    grouping: 'rack',
    stateFilter: null,
    focus: openNode === null ? { level: 'cluster' } : { level: 'node', nodeId: openNode },
    selectedFamily: null,
    selectedNode: null,
    selectedGroup: null,
    aspectRatio: 1.5,
  });
  const shown = [...titles].filter(([nodeId]) => openNode === null || nodeId === openNode);
  return { fixture, graph, titles: shown.map(([, { title }]) => title) };
}

const legend = [{ text: 'a <b> & "c"', colour: palette.ok, glyph: '●' }];

describe('the topology as SVG', () => {
  it.each([
    ['cards', 4, null],
    ['an opened node', 4, 2],
    ['tiles', 40, null],
  ])('is well formed and holds the title of every node, drawn as %s', (_name, workers, expanded) => {
    const { graph, titles } = graphOf(workers, expanded);
    const picture = { title: 'Permits & <more>', summary: 's', time: 't', legend, texts: textsOf(graph) };
    const text = graphSvg(framedGraph(graph, picture, palette), picture);
    const svg = new DOMParser().parseFromString(text, 'image/svg+xml');
    expect(svg.querySelector('parsererror')).toBeNull();
    const written = [...svg.querySelectorAll('text')].map((one) => one.textContent);
    for (const title of titles) expect(written.some((one) => one?.includes(title))).toBe(true);
    expect(written).toContain('Permits & <more>');
    expect(written).toContain('a <b> & "c"');
    expect(text).not.toContain('NaN');
    // What the nodes hold is drawn inside of them: a tile alone would be one shape.
    expect(svg.querySelectorAll('rect, image, path').length).toBeGreaterThan(2 * titles.length);
    // Nothing is fetched: pictures are inside.
    for (const one of svg.querySelectorAll('image'))
      expect(one.getAttribute('href')).toMatch(/^data:image\/svg\+xml/);
  });

  it('holds no host once names are hidden', () => {
    const { fixture, graph } = graphOf(4);
    const nodes = fixture.snapshot.nodes.map(({ name, port }) => ({ host: name, port }));
    const hide = createNameHider({ nodes, hosts: [], roles: [], databases: [], clusters: [] });
    const texts = Object.fromEntries(Object.entries(textsOf(graph)).map(([id, text]) => [id, hide(text)]));
    const picture = { title: 't', summary: 's', time: 't', legend, texts };
    const text = graphSvg(framedGraph(graph, picture, palette), picture);
    for (const { host } of nodes) expect(text).not.toContain(host);
    expect(text).toContain('node-2');
  });
});

const report: HealthReport = {
  clusterId: 'c1',
  revision: 1,
  takenAt: '2026-03-01T12:00:00.000Z',
  tookMs: 20,
  verdict: { level: 'stops', words: '1 thing stops work' },
  checks: [
    {
      id: 'reach',
      title: 'db-1 does not answer',
      level: 'stops',
      word: 'stops work',
      found: '<script>alert(1)</script>',
      means: 'Statements fail.',
      how: { words: 'asked', statement: "SELECT '<&>'" },
      mend: { text: 'Start it.', sql: 'SELECT 1' },
      evidence: [{ subject: 'db-1', value: 'refused', isFinding: true }],
      since: '2026-03-01T11:00:00.000Z',
    },
    {
      id: 'versions',
      title: 'Versions',
      level: 'fine',
      word: 'fine',
      found: 'all alike',
      means: '',
      how: { words: '', statement: null },
      mend: null,
      evidence: [],
      since: '2026-03-01T11:00:00.000Z',
    },
  ],
};

describe('the health report as a page', () => {
  it('holds everything and asks for nothing', () => {
    const text = reportPage({ cluster: 'A & B', report });
    // As XML it is well formed but for the void elements of HTML.
    const strict = text.replace('<!doctype html>', '').replaceAll(/<(meta [^>]*)>/g, '<$1/>');
    const page = new DOMParser().parseFromString(strict, 'text/html');
    expect(page.querySelector('title')?.textContent).toBe('Health of A & B');
    expect(page.querySelectorAll('script, link, img, iframe, object, [src], [href], [onload]')).toHaveLength(
      0,
    );
    expect(page.querySelector('meta[http-equiv]')?.getAttribute('content')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'",
    );
    expect(text).not.toMatch(/url\(|@import|https?:\/\//);
    expect(page.body.textContent).toContain('<script>alert(1)</script>');
    expect(page.body.textContent).toContain("SELECT '<&>'");
    for (const { title } of report.checks) expect(page.body.textContent).toContain(title);
  });

  it('closes what it opens', () => {
    const text = reportPage({ cluster: 'x', report });
    const open: string[] = [];
    for (const [, slash, name = ''] of text.matchAll(/<(\/?)([a-z][a-z0-9]*)/g)) {
      if (['meta', 'doctype'].includes(name)) continue;
      if (slash === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });
});

describe('what is given to others', () => {
  it('is cleaned text by text, and nothing else changes', async () => {
    const bridge = createFakeBridge({
      'share.clean': ({ texts, hidesNames }) =>
        texts.map((text) => (hidesNames ? text.replaceAll('db-1', 'node-1') : text)),
    });
    uninstall = installBridge(bridge);
    const value = { a: ['db-1', 'db-1:5432', 5, null], b: { c: 'x db-1' } };
    expect(await cleaned('c1', value, true)).toEqual({
      ok: true,
      value: { a: ['node-1', 'node-1:5432', 5, null], b: { c: 'x node-1' } },
    });
    expect(await cleaned('c1', value, false)).toEqual({ ok: true, value });
  });

  it('is not written where it could not be cleaned', async () => {
    uninstall = installBridge(createFakeBridge());
    expect((await cleaned('c1', ['x'], true)).ok).toBe(false);
  });

  it('runs as no formula and breaks no line', () => {
    expect(cellsToCsv([['=1+1', '-2', -2, 'a"b', 'c\nd', null]])).toBe(`'=1+1,'-2,-2,"a""b","c\nd",\r\n`);
  });

  it('holds no character that XML refuses', () => {
    expect(escapeMarkup('a\u0000\u0008b\u{1F600}<')).toBe('ab\u{1F600}&lt;');
  });
});
