/** Starting and ending the servers of one practice cluster. */
import { toFailure } from '../contract/failure';
import type { ClusterState } from './cluster-state';
import { engineSettings, extensionSettings } from './engine-files';
import { serverPasswordFile } from './layout';
import { makeDistinct } from './membership';
import { createNodeFolder, killServer, refuseTwoServers, startNode, stopServer } from './node-server';
import { findFreePort, isPortFree } from './ports';
import type { ServerProcess } from './processes';
import type { NodeRecord } from './record';
import type { Template } from './template';

/** Times a port may be lost to another program between being found free and being used. */
const portAttempts = 3;

/** Starts a node's server on its port, or on another when that one is taken. */
export async function launch(state: ClusterState, name: string): Promise<void> {
  const { surroundings, record } = state;
  const engine = await surroundings.engineOf(record);
  const template = await surroundings.templateOf(engine, record.template);
  const title = `${record.name} ${name}`;
  await refuseTwoServers(state.paths(name), title);
  state.setNode(name, { state: 'starting' });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const server = await startNode({
        paths: state.paths(name),
        engine,
        account: surroundings.account,
        settings: {
          port: await usablePort(state, name),
          title,
          password: await state.password(),
          engineSettings: engineSettings(engine, template.share),
          extensionSettings: extensionSettings(engine),
        },
        passwordFile: serverPasswordFile(state.folder),
        guardProgram: surroundings.guardProgram,
      });
      state.setNode(name, { state: 'running', server });
      void server.exited.then(() => noteEnd(state, name, server));
      return;
    } catch (error) {
      const words = toFailure(error).serverMessage ?? '';
      if (/could not bind|Address already in use/i.test(words) && attempt < portAttempts) continue;
      state.setNode(name, { state: 'failed', server: null });
      throw error;
    }
  }
}

async function usablePort(state: ClusterState, name: string): Promise<number> {
  const { port } = state.nodeRecord(name);
  if (await isPortFree(port)) return port;
  const other = await findFreePort(state.surroundings.takenPorts());
  await state.keep({
    nodes: state.record.nodes.map((node) => (node.name === name ? { ...node, port: other } : node)),
  });
  return other;
}

/** A server that ends while nobody stops it has failed. */
function noteEnd(state: ClusterState, name: string, server: ServerProcess): void {
  const node = state.node(name);
  if (node.server === server && node.state === 'running') {
    state.setNode(name, { state: 'failed', server: null });
  }
}

/** A fresh copy of the template under the node's name, started, with the cluster's password. */
export async function launchFresh(state: ClusterState, name: string, template: Template): Promise<void> {
  state.setNode(name, { state: 'starting' });
  await createNodeFolder(state.paths(name), template.data, state.surroundings.account);
  await launch(state, name);
  const password = await state.password();
  await state.withDatabase(name, (database) => makeDistinct(database, password), template.password);
}

export async function halt(state: ClusterState, name: string): Promise<void> {
  const { server } = state.node(name);
  if (server) {
    state.setNode(name, { state: 'stopping' });
    const engine = await state.surroundings.engineOf(state.record);
    await stopServer(server.pid, state.paths(name).data, engine);
  }
  state.setNode(name, { state: 'stopped', server: null });
}

/** As if its machine had lost power. */
export async function kill(state: ClusterState, name: string): Promise<void> {
  const { server } = state.node(name);
  if (!server) return;
  state.setNode(name, { state: 'killed', server: null });
  await killServer(server.pid);
}

/** The nodes of a new cluster, on the ports they had before where those are free, else on ports in a row. */
export async function freshNodes(state: ClusterState): Promise<NodeRecord[]> {
  const { record, surroundings } = state;
  const workers = Array.from({ length: record.workers }, (_, index) => `worker-${index + 1}`);
  const taken = new Set(surroundings.takenPorts());
  const nodes: NodeRecord[] = [];
  for (const name of ['coordinator', ...workers]) {
    const before = record.nodes.find((node) => node.name === name)?.port;
    const isKept = before !== undefined && (await isPortFree(before));
    const port = isKept ? before : await findFreePort(taken, nodes.at(-1)?.port);
    taken.add(port);
    nodes.push({ name, port, registeredPort: null });
  }
  return nodes;
}

/** Waits for all, then throws the first failure: nothing goes on in the background of a failed step. */
export async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
