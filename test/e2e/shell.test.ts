/** The frame: palette, themes, names that bite, and a page that can reach nothing but its bridge. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import {
  fromPalette,
  goTo,
  operationDone,
  pictureOfFailure,
  reviewedSql,
  runButton,
  sampleDataLoaded,
  sentStatements,
  shownOperationId,
} from '../support/e2e-driver';
import { exceptFromWitness } from '../support/e2e-network';
import { connectToNode, valueOf } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

let app: DrivenApp;
let dataFolder: string;

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder });
});

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await app?.quit();
  removeDataFolder(dataFolder);
});

/** Names as they stand in the catalogs; PostgreSQL takes each of them. */
const hostileTables = [
  { schema: 'public', name: '"; drop table permits; --' },
  { schema: 'public', name: `it's "quoted" \\ 'twice'` },
  { schema: 'public', name: 'with.dots.public.permits' },
  { schema: 'public', name: 'Übergröße_表_🐘' },
  { schema: 'public', name: 'n'.repeat(63) },
  { schema: 'select', name: 'from' },
] as const;

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

describe('before there is a cluster', () => {
  test('the empty state leads on: practise, or connect', async () => {
    const { page } = app;
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Start a practice cluster' }).waitFor();
    await page.getByRole('button', { name: 'Connect…' }).waitFor();
    await page.getByText('not connected').waitFor();
    expect(await page.getByRole('navigation').getByText('none yet').count()).toBe(1);
  });

  test('a theme that was chosen is there again after a restart', async () => {
    await fromPalette(app.page, 'Theme: dark');
    await app.page.locator('html[data-theme="dark"]').waitFor();
    const dark = await app.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await app.quit();
    // `--practice` as well: the same restart opens a practice cluster without a click.
    app = await startApp({ dataFolder, args: ['--practice'] });
    await app.page.locator('html[data-theme="dark"]').waitFor();
    expect(await app.page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(dark);
    await fromPalette(app.page, 'Theme: light');
    await app.page.locator('html[data-theme="light"]').waitFor();
    expect(await app.page.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(dark);
    await app.page.getByRole('heading', { level: 1, name: 'Topology' }).waitFor({ timeout: 90_000 });
    await sampleDataLoaded(dataFolder);
  });
});

describe('the palette', () => {
  test('finds a table by a few letters and shows it', async () => {
    const { page } = app;
    await waitFor('the tables to be read', async () => {
      await page.keyboard.press('Control+K');
      const palette = page.getByRole('dialog', { name: 'Find a table, node, command' });
      await palette.getByRole('combobox').fill('inspections');
      const found = await palette.getByRole('group', { name: 'Tables' }).count();
      if (found === 0) await page.keyboard.press('Escape');
      return found > 0;
    });
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Tables' }).waitFor();
    await page.getByRole('complementary', { name: 'Details' }).getByText('inspections').first().waitFor();
  });

  test('finds a node and shows it', async () => {
    const { page } = app;
    await fromPalette(page, 'worker-2');
    await page.getByRole('heading', { level: 1, name: 'Nodes' }).waitFor();
    await page.getByRole('complementary', { name: 'Details' }).getByText('worker-2').first().waitFor();
  });

  test('says so when nothing has such a name', async () => {
    const { page } = app;
    await page.keyboard.press('Control+K');
    await page.getByRole('combobox', { name: 'Find a table, node, command' }).fill('qqqxyzzy');
    await page.getByText('Nothing has a name like this.').waitFor();
    await page.keyboard.press('Escape');
  });
});

describe('hostile names', () => {
  beforeAll(async () => {
    const database = await connectToNode(dataFolder);
    try {
      await database.change({ text: 'CREATE SCHEMA "select"' });
      for (const { schema, name } of hostileTables) {
        const table = `${quoted(schema)}.${quoted(name)}`;
        await database.change({
          text: `CREATE TABLE ${table} ("id ""x"" 'y'" bigint PRIMARY KEY, words text)`,
        });
        await database.change({
          text: `INSERT INTO ${table} SELECT i, 'row ' || i FROM generate_series(1, 50) i`,
        });
      }
    } finally {
      await database.close();
    }
  });

  test.each(hostileTables)('$name is shown as it is and distributed', async ({ schema, name }) => {
    const { page } = app;
    const permits = await valueOf(dataFolder, 'SELECT count(*) FROM permits');
    await goTo(page, 'Tables');
    await page.getByRole('tab', { name: /Plain/ }).click();
    await page.getByRole('cell', { name, exact: true }).waitFor();
    await page.getByRole('button', { name: `Distribute ${schema}.${name}…`, exact: true }).click();
    await page.getByRole('radio', { name: /id "x" 'y'/ }).check();
    await page.getByRole('button', { name: 'Review steps' }).click();
    const shown = await reviewedSql(page);
    await runButton(page).click();
    const operationId = await shownOperationId(page);
    await operationDone(page);
    const sent = sentStatements(dataFolder, operationId);
    expect(sent.length).toBeGreaterThan(0);
    for (const sql of sent) expect(shown).toContain(sql);
    const table = `${quoted(schema)}.${quoted(name)}`;
    const literal = `'${table.replaceAll("'", "''")}'::regclass`;
    expect(
      await valueOf(dataFolder, `SELECT distribution_column FROM citus_tables WHERE table_name = ${literal}`),
    ).toMatch(/id ""?x""? 'y'/);
    expect(await valueOf(dataFolder, `SELECT count(*) FROM ${table}`)).toBe('50');
    expect(await valueOf(dataFolder, 'SELECT count(*) FROM permits')).toBe(permits);

    await goTo(page, 'Tables');
    const label = schema === 'public' ? name : `${schema}.${name}`;
    await page.getByRole('searchbox', { name: 'Filter tables' }).fill(name);
    await page.getByRole('row').filter({ hasText: label }).first().click();
    await page.getByRole('complementary', { name: 'Details' }).getByText(name, { exact: true }).waitFor();
    expect(app.pageErrors).toEqual([]);
  });
});

describe('the page is shut in', () => {
  test('it has no Node.js, and a bridge of three functions that cannot be changed', async () => {
    const found = await app.page.evaluate(() => {
      const scope = globalThis as unknown as Record<string, unknown>;
      const bridge = scope['shardboard'] as Record<string, unknown>;
      const before = bridge['request'];
      try {
        bridge['request'] = () => 'forged';
      } catch {
        // A frozen object says so in strict mode.
      }
      return {
        node: ['require', 'process', 'module', 'Buffer', 'global', 'electron'].filter(
          (name) => name in scope,
        ),
        bridge: Object.keys(bridge).sort(),
        isUnchanged: bridge['request'] === before,
      };
    });
    expect(found).toEqual({ node: [], bridge: ['cancel', 'on', 'request'], isUnchanged: true });
  });

  test('it opens no window and goes nowhere else', async () => {
    const { page } = app;
    const before = page.url();
    await page.evaluate(() => Object.assign(globalThis, { stillHere: true }));
    // Main writes down what was tried; the listeners of the app itself come before this one.
    await app.electron.evaluate(({ BrowserWindow }) => {
      const tried: { url: string; refused: boolean }[] = [];
      Object.assign(globalThis, { triedNavigations: tried });
      BrowserWindow.getAllWindows()[0]?.webContents.on('will-navigate', (event, url) => {
        tried.push({ url, refused: event.defaultPrevented });
      });
    });
    expect(await page.evaluate(() => window.open('https://example.org/') === null)).toBe(true);
    for (const address of ['https://example.org/', 'shardboard://app/licences.json', 'shardboard://other/']) {
      await page.evaluate((target) => {
        location.href = target;
      }, address);
      await waitFor(`the navigation to ${address} to be refused`, () =>
        app.electron.evaluate(
          (_electron, url) =>
            (
              globalThis as unknown as { triedNavigations: { url: string; refused: boolean }[] }
            ).triedNavigations.some((one) => one.url === url && one.refused),
          address,
        ),
      );
    }
    // These the engine itself refuses before anybody is asked; so does it with new windows, by the app's handler.
    for (const address of ['file:///etc/passwd', 'data:text/html,x', 'javascript:document.title="run"']) {
      await page.evaluate((target) => {
        location.href = target;
        const link = document.createElement('a');
        link.href = target;
        link.target = '_blank';
        document.body.append(link);
        link.click();
        link.remove();
      }, address);
    }
    // Asked of the page itself: the driver takes a refused navigation for one that is still under way.
    const after = await page.evaluate(async () => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return { isSamePage: 'stillHere' in globalThis, title: document.title, url: location.href };
    });
    expect(after).toMatchObject({ isSamePage: true, url: before });
    expect(after.title).not.toBe('run');
    const count = await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    expect(count).toBe(1);
  });

  test('it fetches nothing, not even from this machine, and loads no foreign script, picture, style, frame or worker', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.end('answer');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const { port } = server.address() as AddressInfo;
      const origin = `http://127.0.0.1:${port}`;
      exceptFromWitness(`127.0.0.1:${port}`);
      const outcomes = await app.page.evaluate(async (base) => {
        const ended = (work: () => Promise<unknown>): Promise<string> =>
          work().then(
            () => 'allowed',
            () => 'refused',
          );
        const element = (tag: string, attribute: string): Promise<string> =>
          ended(
            () =>
              new Promise((resolve, reject) => {
                const one = document.createElement(tag);
                one.addEventListener('load', resolve);
                one.addEventListener('error', reject);
                if (tag === 'link') one.setAttribute('rel', 'stylesheet');
                one.setAttribute(attribute, `${base}/${tag}`);
                document.body.append(one);
                // A frame that is refused loads an empty page or nothing at all.
                setTimeout(reject, 1_500);
              }),
          );
        return {
          fetch: await ended(() => fetch(`${base}/fetch`)),
          fetchOwn: await ended(() => fetch('shardboard://app/index.html')),
          request: await ended(
            () =>
              new Promise((resolve, reject) => {
                const one = new XMLHttpRequest();
                one.addEventListener('load', resolve);
                one.addEventListener('error', reject);
                one.open('GET', `${base}/xhr`);
                one.send();
              }),
          ),
          socket: await ended(
            () =>
              new Promise((resolve, reject) => {
                const one = new WebSocket(base.replace('http', 'ws'));
                one.addEventListener('open', resolve);
                one.addEventListener('error', reject);
              }),
          ),
          worker: await ended(
            () =>
              new Promise((resolve, reject) => {
                const one = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
                one.addEventListener('message', resolve);
                one.addEventListener('error', reject);
              }),
          ),
          code: await ended(async () => {
            const script = document.createElement('script');
            script.textContent = 'window.injected = true';
            document.body.append(script);
            if (!('injected' in window)) throw new Error('not run');
          }),
          script: await element('script', 'src'),
          picture: await element('img', 'src'),
          style: await element('link', 'href'),
          beacon: navigator.sendBeacon(`${base}/beacon`) ? 'queued' : 'refused',
        };
      }, origin);
      const { beacon, ...others } = outcomes;
      expect(Object.entries(others).filter(([, outcome]) => outcome !== 'refused')).toEqual([]);
      // A beacon answers before it is sent; whether it was is for the server to say.
      expect(['queued', 'refused']).toContain(beacon);
      await app.page.evaluate((base) => {
        const frame = document.createElement('iframe');
        frame.src = `${base}/frame`;
        document.body.append(frame);
        return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      }, origin);
      expect(
        await app.page.evaluate(
          () => document.querySelector('iframe')?.contentDocument?.body?.textContent ?? '',
        ),
      ).toBe('');
      expect(asked).toEqual([]);
    } finally {
      await app.page.evaluate(() => {
        for (const one of document.querySelectorAll('body > :is(iframe, script, img, link)')) one.remove();
      });
      server.close();
    }
  });

  test('it is given no permission', async () => {
    const answers = await app.page.evaluate(async () => {
      const refused = (work: () => Promise<unknown>): Promise<boolean> =>
        work().then(
          () => false,
          () => true,
        );
      return {
        notification: await Notification.requestPermission(),
        camera: await refused(() => navigator.mediaDevices.getUserMedia({ video: true })),
        place: await refused(
          () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject)),
        ),
        clipboard: await refused(() => navigator.clipboard.readText()),
      };
    });
    expect(answers).toEqual({ notification: 'denied', camera: true, place: true, clipboard: true });
  });

  test('a forged request answers a failure and does nothing', async () => {
    const ask = (name: unknown, input: unknown, callId: unknown): Promise<unknown> =>
      app.page.evaluate(
        ([theName, theInput, theCall]) =>
          (
            globalThis as unknown as { shardboard: { request(...args: unknown[]): Promise<unknown> } }
          ).shardboard.request(theName, theInput, theCall),
        [name, input, callId],
      );
    const invalid = { ok: false, failure: { kind: 'invalid-input' } };
    expect(await ask('files.read', '/etc/passwd', 'forged-1')).toMatchObject(invalid);
    expect(await ask('constructor', undefined, 'forged-2')).toMatchObject(invalid);
    expect(await ask('__proto__', undefined, 'forged-3')).toMatchObject(invalid);
    expect(await ask({ name: 'app.info' }, undefined, 'forged-4')).toMatchObject(invalid);
    expect(await ask('app.info', undefined, 7)).toMatchObject(invalid);
    expect(await ask('app.info', { unexpected: true }, 'forged-5')).toMatchObject(invalid);
    expect(await ask('sessions.open', { clusterId: '' }, 'forged-6')).toMatchObject(invalid);
    expect(await ask('operations.start', { planId: 'never-reviewed' }, 'forged-7')).toMatchObject({
      ok: false,
      failure: { kind: 'not-found' },
    });
    expect(await ask('app.info', undefined, 'true-1')).toMatchObject({ ok: true });
  });
});
