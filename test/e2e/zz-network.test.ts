/** Runs last: nothing that any app of this test run did has left the machine. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type * as NodeNet from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { networkWitnessFile, newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import { nothingLeftOf } from '../support/e2e-driver';
import { isLoopback, parseWitness, remoteAddresses, strangers } from '../support/e2e-network';
import { waitFor } from '../support/wait';

let app: DrivenApp;
let dataFolder: string;
const seen = new Set<string>();
let watching: NodeJS.Timeout | undefined;

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder, args: ['--practice'] });
  // Beside the witness in the main process: the kernel, which also knows the browser's own and PostgreSQL's sockets.
  watching = setInterval(() => {
    for (const address of remoteAddresses(app.pid)) seen.add(address);
  }, 50);
  await app.page.getByRole('heading', { level: 1, name: 'Topology' }).waitFor({ timeout: 90_000 });
});

afterAll(async () => {
  clearInterval(watching);
  await app?.quit();
  await nothingLeftOf(dataFolder);
  removeDataFolder(dataFolder);
});

test('a stranger would be told from this machine, and a line of another form would be noticed', () => {
  const lines = parseWitness(
    [
      'begin 17',
      'connect 127.0.0.1',
      'connect local',
      'connect ::1',
      'lookup localhost',
      'lookup no-such-host.invalid',
      'connect 10.1.2.3',
      'connect 127.0.0.1.example.org',
      'lookup example.org',
      'page example.org',
      'page 127.0.0.1:80',
      'except 127.0.0.1:81',
      'page 127.0.0.1:81',
      'connect fe80::1',
    ].join('\n'),
  );
  expect(strangers(lines).map(({ kind, target }) => `${kind} ${target}`)).toEqual([
    'connect 10.1.2.3',
    'connect 127.0.0.1.example.org',
    'lookup example.org',
    'page example.org',
    'page 127.0.0.1:80',
    'connect fe80::1',
  ]);
  expect(() => parseWitness('something else')).toThrow('unknown form');
});

test('the witness in the main process sees connections and lookups', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const before = parseWitness(readFileSync(networkWitnessFile, 'utf8'));
  try {
    const { port } = server.address() as NodeNet.AddressInfo;
    await app.electron.evaluate(async (_electron, target) => {
      const load = process.mainModule?.require.bind(process.mainModule);
      if (!load) throw new Error('the main process has no require to ask with');
      const net = load('node:net') as typeof NodeNet;
      await new Promise<void>((done) => {
        const socket = net.connect({ host: 'localhost', port: target });
        socket.on('error', () => done());
        socket.on('close', () => done());
      });
    }, port);
    const added = parseWitness(readFileSync(networkWitnessFile, 'utf8')).slice(before.length);
    expect(added.map(({ kind, target }) => `${kind} ${target}`)).toEqual(
      expect.arrayContaining(['connect localhost', 'lookup localhost']),
    );
  } finally {
    server.close();
  }
});

test('the kernel knows of no connection but to this machine', async () => {
  await waitFor('connections to the practice nodes', () => seen.size > 0);
  expect([...seen].filter((address) => !isLoopback(address))).toEqual([]);
});

test('no app of this run connected to, looked up or asked for anything but this machine', () => {
  const lines = parseWitness(readFileSync(networkWitnessFile, 'utf8'));
  const count = (kind: string): number => lines.filter((line) => line.kind === kind).length;
  // Every app writes one line when it begins; this file's own is among them.
  expect(count('begin')).toBeGreaterThan(0);
  expect(count('connect')).toBeGreaterThan(0);
  expect(strangers(lines)).toEqual([]);
});
