/** Connecting: every way it can fail is explained with the way forward; passwords go where they belong and nowhere else. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import { pictureOfFailure, startPractice } from '../support/e2e-driver';
import { recordedReplies, recordReplies } from '../support/e2e-replies';
import { createPlainPostgres, freePort } from '../support/plain-postgres';
import type { PlainPostgres } from '../support/plain-postgres';
import { recordedClusters } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

const pastedPassword = 'geh€im/ätsel 4711';
const importedPassword = 'from-the-pgpass-file-0815';
const wrongPassword = 'surely-not-this-one-2342';
const passphrase = 'a passphrase of the test';

let app: DrivenApp;
let dataFolder: string;
let plain: PlainPostgres;
let env: Record<string, string>;

beforeAll(async () => {
  dataFolder = newDataFolder();
  plain = await createPlainPostgres(['host all all 127.0.0.1/32 scram-sha-256']);
  // Of this computer's own files and variables nothing is offered.
  const passwords = join(plain.folder, 'pgpass');
  writeFileSync(passwords, `127.0.0.1:${plain.port}:warehouse:loader:${importedPassword}\n`, { mode: 0o600 });
  env = { PGPASSFILE: passwords, PGSERVICEFILE: join(plain.folder, 'none.conf') };
  app = await startApp({ dataFolder, env });
  await recordReplies(app.electron);
});

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await app?.quit();
  await plain?.remove();
  removeDataFolder(dataFolder);
});

interface Address {
  readonly name?: string;
  readonly host?: string;
  readonly port: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
}

function dialog(): Locator {
  return app.page.getByRole('dialog', { name: 'Connect to a cluster' });
}

async function fillIn(address: Address): Promise<void> {
  const { page } = app;
  if ((await dialog().count()) === 0) {
    await page.keyboard.press('Control+N');
    await dialog().waitFor();
  }
  const field = (label: string): Locator => dialog().getByLabel(label, { exact: true });
  await field('Name in the list').fill(address.name ?? 'Attempt');
  await field('Host').fill(address.host ?? '127.0.0.1');
  await field('Port').fill(String(address.port));
  await field('Database').fill(address.database ?? 'postgres');
  await field('User').fill(address.user ?? 'postgres');
  await field('Password').fill(address.password ?? '');
  await field('TLS mode').selectOption('disable');
}

async function closeDialog(): Promise<void> {
  await app.page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
}

/** Tests the connection and answers what the dialog says: the failure's three parts, and the stage that failed. */
async function testFails(
  address: Address,
): Promise<{ readonly words: readonly string[]; readonly stage: string }> {
  await fillIn(address);
  await dialog().getByRole('button', { name: 'Test', exact: true }).click();
  const alert = dialog().getByRole('alert');
  await alert.waitFor({ timeout: 40_000 });
  const words = (await alert.locator('p').allInnerTexts()).map((text) => text.trim());
  const failed = dialog()
    .getByRole('list', { name: 'Stages of the connection' })
    .getByRole('listitem')
    .filter({ has: app.page.locator('[class*="bad"]') });
  const stage = (await failed.first().innerText()).split('\n')[0]?.trim() ?? '';
  return { words, stage };
}

/** Message, meaning, way forward: none is empty. */
function expectExplained(words: readonly string[], message: RegExp, remedy: RegExp): void {
  expect(words.length).toBeGreaterThanOrEqual(3);
  expect(words[0]).toMatch(message);
  expect((words[1] ?? '').length).toBeGreaterThan(10);
  expect(words[2]).toMatch(remedy);
}

test('a pasted connection string fills the form; its password is not shown', async () => {
  const { page } = app;
  await page.getByRole('button', { name: 'Connect…' }).click();
  await dialog().waitFor();
  const paste = dialog().getByLabel('Paste a connection string');
  await paste.fill(
    `postgres://clerk:${encodeURIComponent(pastedPassword)}@db.example.org:6543/payroll?sslmode=require&application_name=desk`,
  );
  await paste.press('Enter');
  const value = (label: string): Promise<string> => dialog().getByLabel(label, { exact: true }).inputValue();
  await waitFor('the form to be filled', async () => (await value('Host')) === 'db.example.org');
  expect(await value('Port')).toBe('6543');
  expect(await value('Database')).toBe('payroll');
  expect(await value('User')).toBe('clerk');
  expect(await value('TLS mode')).toBe('require');
  expect(await dialog().getByLabel('Application name', { exact: false }).inputValue()).toBe('desk');
  expect(await value('Password')).toBe('');
  expect(await paste.inputValue()).toBe('');
  await dialog()
    .getByText(/it is not shown/)
    .waitFor();
  expect(await page.content()).not.toContain(pastedPassword);
});

test('what libpq keeps on this machine is offered without its password', async () => {
  const { page } = app;
  await dialog()
    .getByRole('button', { name: /loader@127\.0\.0\.1.*with password/s })
    .click();
  expect(await dialog().getByLabel('Database', { exact: true }).inputValue()).toBe('warehouse');
  expect(await page.content()).not.toContain(importedPassword);
  // The password of the file is used although the page never had it: the server refuses the user, not an empty password.
  await dialog().getByLabel('TLS mode', { exact: true }).selectOption('disable');
  await dialog().getByRole('button', { name: 'Test', exact: true }).click();
  await dialog()
    .getByRole('alert')
    .getByText(/loader/)
    .first()
    .waitFor();
  await closeDialog();
});

test('a wrong password', async () => {
  const { words, stage } = await testFails({ port: plain.port, password: wrongPassword });
  expectExplained(words, /password|login/i, /password/i);
  expect(stage).toBe('Login');
});

test('a port that refuses', async () => {
  const port = await freePort();
  const { words, stage } = await testFails({ port });
  expectExplained(words, new RegExp(`127\\.0\\.0\\.1:${port} refuses`), /port|runs|listens/i);
  expect(stage).toBe('Network');
});

test('a host that nobody knows', async () => {
  const { words, stage } = await testFails({ host: 'no-such-host.invalid', port: 5432 });
  expectExplained(words, /no-such-host\.invalid/, /name|address|DNS/i);
  expect(stage).toBe('Address');
});

test('a PostgreSQL without Citus', async () => {
  const { words, stage } = await testFails({ port: plain.port, password: plain.password });
  expectExplained(words, /without Citus/, /CREATE EXTENSION citus/);
  expect(stage).toBe('Citus');
  await closeDialog();
});

test('a worker instead of the coordinator', async () => {
  await startPractice(app.page, dataFolder);
  const [cluster] = recordedClusters(dataFolder);
  const worker = cluster?.nodes.find(({ name }) => name === 'worker-1');
  const coordinator = cluster?.nodes.find(({ name }) => name === 'coordinator');
  const { words, stage } = await testFails({ port: worker?.port ?? 0, password: cluster?.password ?? '' });
  expectExplained(words, /worker/, new RegExp(`coordinator|${coordinator?.port}`));
  expect(stage).toBe('Topology');
  await closeDialog();
});

test('a server that accepts and never answers: the attempt says its stage and ends when it is cancelled', async () => {
  const sockets: Socket[] = [];
  const server = await silentServer(sockets);
  try {
    const { port } = server.address() as AddressInfo;
    const { page } = app;
    await fillIn({ name: 'Silent', port, password: wrongPassword });
    await dialog().getByRole('button', { name: 'Test', exact: true }).click();
    await waitFor('the test to connect', () => sockets.length === 1);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await waitFor('the test to let go', () => sockets[0]?.destroyed === true);
    await dialog().getByRole('button', { name: 'Test', exact: true }).waitFor();
    expect(await dialog().getByRole('alert').count()).toBe(0);

    await dialog().getByRole('button', { name: 'Connect', exact: true }).click();
    await dialog().getByText('logging in').waitFor();
    await waitFor('the attempt to connect', () => sockets.length === 2);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await waitFor('the attempt to let go', () => sockets[1]?.destroyed === true);
    expect(await dialog().getByRole('alert').count()).toBe(0);
    await closeDialog();

    // From the list the same: connecting is said, can be cancelled, and leaves nothing behind.
    await page.getByRole('button', { name: /^Silent/ }).click();
    await page.getByText('logging in').first().waitFor();
    await page.getByRole('main').getByRole('button', { name: 'Cancel' }).click();
    await waitFor('the third attempt to let go', () => sockets[2]?.destroyed === true);
    await page.getByRole('main').getByRole('button', { name: 'Connect', exact: true }).waitFor();
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test('a password is kept in a vault that a passphrase opens', async () => {
  const [cluster] = recordedClusters(dataFolder);
  const coordinator = cluster?.nodes.find(({ name }) => name === 'coordinator');
  await fillIn({ name: 'Kept', port: coordinator?.port ?? 0, password: cluster?.password ?? '' });
  await dialog().getByRole('checkbox', { name: /vault/ }).check();
  await dialog().getByLabel('Passphrase of the new vault').fill(passphrase);
  await dialog().getByLabel('The same passphrase again').fill('another one, mistyped');
  await dialog().getByRole('button', { name: 'Connect', exact: true }).click();
  await dialog().getByText('The two differ.').waitFor();
  await dialog().getByLabel('The same passphrase again').fill(passphrase);
  await dialog().getByRole('button', { name: 'Connect', exact: true }).click();
  await connectedTo(app.page, coordinator?.port);
});

test('after a restart the vault is locked, a wrong passphrase opens nothing, the right one connects', async () => {
  const port = recordedClusters(dataFolder)[0]?.nodes.find(({ name }) => name === 'coordinator')?.port;
  await expectNoSecrets(app);
  await app.quit();
  app = await startApp({ dataFolder, env });
  await recordReplies(app.electron);
  const { page } = app;
  await page
    .getByRole('button', { name: /^Practice A/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Start Practice A' }).click();
  await connectedTo(page, port);

  await page.getByRole('button', { name: /^Kept/ }).click();
  const field = page.getByLabel('Passphrase of the vault');
  await field.waitFor();
  await field.fill('not the passphrase');
  await page.getByRole('main').getByRole('button', { name: 'Connect', exact: true }).click();
  await page
    .getByRole('alert')
    .getByText(/passphrase/i)
    .first()
    .waitFor();
  await field.fill(passphrase);
  await page.getByRole('main').getByRole('button', { name: 'Connect', exact: true }).click();
  await connectedTo(page, port);
  expect(await page.getByText('PRACTICE CLUSTER').count()).toBe(0);
});

test('no password is in a file of the app or was ever told to the page', async () => {
  await expectNoSecrets(app);
});

async function connectedTo(page: Page, port: number | undefined): Promise<void> {
  await page
    .getByRole('contentinfo', { name: 'Status' })
    .getByText(`connected · coordinator 127.0.0.1:${port}`)
    .waitFor({ timeout: 60_000 });
  await page.getByRole('heading', { level: 1, name: 'Topology' }).waitFor();
}

/** Passwords as they may be written: plain, in a URI, in base64, in JSON. */
function spellings(secret: string): readonly string[] {
  return [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    JSON.stringify(secret).slice(1, -1),
  ];
}

async function expectNoSecrets(current: DrivenApp): Promise<void> {
  const practicePassword = recordedClusters(dataFolder)[0]?.password ?? '';
  expect(practicePassword.length).toBeGreaterThan(10);
  const secrets = [
    pastedPassword,
    importedPassword,
    wrongPassword,
    plain.password,
    passphrase,
    practicePassword,
  ];
  const replies = await recordedReplies(current.electron);
  // The record works: it holds the list of clusters and an event.
  expect(replies.some((text) => text.includes('hasStoredPassword'))).toBe(true);
  expect(replies.some((text) => text.includes('session.changed'))).toBe(true);
  const content = await current.page.content();
  const files = filesBelow(dataFolder);
  expect(files.map(({ path }) => path)).toContain(join(dataFolder, 'profiles.json'));
  expect(files.map(({ path }) => path)).toContain(join(dataFolder, 'logs', 'shardboard.log'));
  for (const [index, secret] of secrets.entries()) {
    for (const spelling of spellings(secret)) {
      const where = `secret ${index}`;
      expect(
        replies.filter((text) => text.includes(spelling)),
        `${where}, told to the page`,
      ).toEqual([]);
      expect(content.includes(spelling), `${where}, in the page`).toBe(false);
      expect(
        files.filter(({ bytes }) => bytes.includes(spelling)).map(({ path }) => path),
        `${where}, in files`,
      ).toEqual([]);
    }
  }
}

/** All files but the practice servers' own: there the practice password has to be. */
function filesBelow(folder: string): readonly { readonly path: string; readonly bytes: Buffer }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return path === join(dataFolder, 'practice') ? [] : filesBelow(path);
    return entry.isFile() ? [{ path, bytes: readFileSync(path) }] : [];
  });
}

function silentServer(sockets: Socket[]): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => socket.destroy());
      socket.resume();
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
