/**
 * The topology of 200 nodes and 40,000 shards against that of 20 nodes and 4,000, in turns: from the records' arrival in
 * the page until they are drawn, in the pixels of the canvases; then the same world read again, and one in which one percent of the shards
 * lies elsewhere. The page is the app's own, in the real runtime; only the records are made to measure.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import vue from '@vitejs/plugin-vue';
import { _electron } from 'playwright-core';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { repository, rootArguments, testRuntime } from '../support/bare-start';
import type { DrawnGraph, GraphScale } from '../support/graph-page';
import { median } from '../support/wait';
import type { BenchFigure } from './figure';

const rounds = 7;
const large: GraphScale = { nodes: 200, tables: 1_000, shards: 40_000 };
const small: GraphScale = { nodes: 20, tables: 100, shards: 4_000 };

export async function run(): Promise<readonly BenchFigure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'shardboard-graph-'));
  try {
    await buildPage(folder);
    return await withPage(folder, compare);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(page: Page): Promise<readonly BenchFigure[]> {
  const ofLarge: DrawnGraph[] = [];
  const ofSmall: DrawnGraph[] = [];
  // The first round of both compiles and loads, and is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const [one, other] = [await measure(page, large), await measure(page, small)];
    check('shards', one.shards >= large.shards && other.shards >= small.shards);
    check('whole of a change at once', one.isWhole);
    check('changed nodes', one.changedNodes > 0 && other.changedNodes > 0);
    if (round === 0) continue;
    ofLarge.push(one);
    ofSmall.push(other);
  }
  const draw = median(ofLarge.map((one) => one.drawMs));
  const drawSmall = median(ofSmall.map((one) => one.drawMs));
  const growth = median(ofLarge.map((one, index) => one.drawMs / (ofSmall[index]?.drawMs ?? Number.NaN)));
  const same = median(ofLarge.map((one) => one.sameMs / one.drawMs)) * 100;
  const changed = median(ofLarge.map((one) => one.changedMs / one.drawMs)) * 100;
  const told = (figure: string, value: number, unit: string): BenchFigure => ({
    ...{ figure, value, unit },
    goal: '',
    holds: null,
  });
  return [
    told('first draw, 200 nodes', round(draw), 'ms'),
    told('first draw, 20 nodes', round(drawSmall), 'ms'),
    {
      figure: '200 nodes / 20 nodes',
      value: round(growth, 2),
      unit: 'ratio',
      goal: '<= 3',
      holds: growth <= 3,
    },
    told('refresh without a change', round(median(ofLarge.map((one) => one.sameMs)), 2), 'ms'),
    {
      figure: 'refresh without a change / first draw',
      value: round(same, 2),
      unit: '%',
      goal: '<= 2',
      holds: same <= 2,
    },
    told('refresh with 1 % changed', round(median(ofLarge.map((one) => one.changedMs))), 'ms'),
    {
      figure: 'refresh with 1 % changed / first draw',
      value: round(changed, 2),
      unit: '%',
      goal: '<= 10',
      holds: changed <= 10,
    },
    told('elements of 200 nodes', ofLarge[0]?.elements ?? 0, 'elements'),
    told('nodes changed by 1 %', ofLarge[0]?.changedNodes ?? 0, 'nodes'),
    told('frames for a refresh without a change', ofLarge[0]?.framesForNothing ?? 0, 'frames'),
  ];
}

function measure(page: Page, scale: GraphScale): Promise<DrawnGraph> {
  return page.evaluate(
    (wanted) =>
      (
        window as unknown as { graphPage: { measure(scale: GraphScale): Promise<DrawnGraph> } }
      ).graphPage.measure(wanted),
    scale,
  );
}

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`the graph has not the ${what} it should have`);
}

function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

async function buildPage(folder: string): Promise<void> {
  await build({
    root: repository,
    configFile: false,
    logLevel: 'error',
    plugins: [vue()],
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: 'chrome114',
      lib: { entry: join(repository, 'test/support/graph-page.ts'), formats: ['es'], fileName: 'page' },
    },
  });
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>graph</title>
<link rel="stylesheet" href="page.css"><div id="app"></div><script type="module" src="page.js"></script></html>`,
  );
  writeFileSync(join(folder, 'package.json'), '{"name":"graph","version":"1.0.0","main":"main.cjs"}');
  // Modules are not loaded from `file:`; a scheme of its own serves the folder, as in the app.
  writeFileSync(
    join(folder, 'main.cjs'),
    `const { app, BrowserWindow, protocol, net } = require('electron');
const { pathToFileURL } = require('node:url');
protocol.registerSchemesAsPrivileged([{ scheme: 'bench', privileges: { standard: true, secure: true } }]);
app.whenReady().then(() => {
  protocol.handle('bench', (request) =>
    net.fetch(pathToFileURL(require('node:path').join(__dirname, new URL(request.url).pathname)).href));
  new BrowserWindow({ width: 1440, height: 900, useContentSize: true,
    webPreferences: { sandbox: true, contextIsolation: true } }).loadURL('bench://page/index.html');
});
app.on('window-all-closed', () => app.quit());
`,
  );
}

async function withPage<T>(folder: string, work: (page: Page) => Promise<T>): Promise<T> {
  const electron = await _electron.launch({
    executablePath: testRuntime(),
    args: [
      ...rootArguments(),
      `--user-data-dir=${join(folder, 'profile')}`,
      '--force-device-scale-factor=1',
      folder,
    ],
    timeout: 60_000,
  });
  try {
    const page = await electron.firstWindow({ timeout: 60_000 });
    await page.waitForFunction(() => 'graphPage' in window, undefined, { timeout: 60_000 });
    return await work(page);
  } finally {
    await electron.close();
  }
}
