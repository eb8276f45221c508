/** Puts the parts together. Everything the page can ask for is behind `handlers`; `close` ends it all in order. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { app, clipboard, dialog, safeStorage } from 'electron';
import type { BrowserWindow } from 'electron';
import { recognise } from './citus/recognise';
import { readRoleNames } from './citus/roles';
import type { CommandLine } from './command-line';
import { connectDatabase } from './connections/database';
import { parsePastedProfile, readImportable } from './connections/profile-imports';
import { createRegistry } from './connections/registry';
import type { Failure } from './contract/failure';
import type { Operation } from './contract/operations';
import { createHistory } from './history/history';
import { copyPicture } from './ipc/copy-picture';
import { createHandlers } from './ipc/handlers';
import { forgetLostPractice } from './ipc/handlers/practice';
import { createNotices } from './ipc/publish';
import type { NoticeText, Publish } from './ipc/publish';
import type { Handlers } from './ipc/serve';
import { createLimitsTeller } from './ipc/tell-limits';
import { log } from './log/log';
import { createMonitor } from './monitor/monitor';
import { createOperations } from './operations/operations';
import { createClusterExplorer } from './planning/cluster-explorer';
import { createExplorer } from './planning/explorer';
import { startPlannerThread } from './planning/planner-thread';
import type { PlannerThread } from './planning/planner-thread';
import { runDaemon } from './practice/daemon';
import { createPracticeService, embeddedBinariesFolder } from './practice/practice-service';
import { createKnownRoles } from './share/known-roles';
import { createAuditTrail } from './storage/audit-trail';
import { createDrafts } from './storage/drafts';
import { createMoveTimes } from './storage/move-times';
import { createProfiles } from './storage/profiles';
import { createSecrets } from './storage/secrets';
import type { Keystore } from './storage/secrets';
import { createSettings } from './storage/settings';

export interface Surroundings {
  /** Where the built app lies. */
  readonly buildFolder: string;
  readonly resourcesFolder: string;
  /** The person's own folder: profiles, journal, audit trail, practice clusters. */
  readonly dataFolder: string;
  readonly commandLine: CommandLine;
  readonly publish: Publish;
  readonly window: () => BrowserWindow | null;
}

export interface Composed {
  readonly handlers: Handlers;
  /** Waits for what must not be cut off, ends every session and stops every practice server. */
  close(): Promise<void>;
}

/** Milliseconds. Older sizes would leave out the table that was distributed a moment ago. */
const planSizesAgeMs = 3_000;
/** Milliseconds. Settings and versions do not change while a person reads a plan. */
const preflightAgeMs = 60_000;
/** Milliseconds. Between two turns of a knob a person thinks; after that the thread only takes memory. */
const idleThreadMs = 120_000;

export async function compose(surroundings: Surroundings): Promise<Composed> {
  const { dataFolder, publish } = surroundings;
  await mkdir(dataFolder, { recursive: true });
  const { notify, all: notices } = createNotices(publish);

  const settings = await createSettings({ folder: dataFolder });
  const secrets = await createSecrets({ folder: dataFolder, keystore: systemKeystore() });
  const drafts = createDrafts();
  const profiles = await createProfiles({ folder: dataFolder, secrets, drafts });
  settings.onChange((record) => publish('settings.changed', record));
  profiles.onChange((list) => publish('profiles.changed', list));
  const moveTimes = await createMoveTimes({ folder: dataFolder });
  if (settings.problem !== null) notify({ level: 'mind', title: 'Settings', text: settings.problem });

  const tellLimits = createLimitsTeller(notify, (clusterId) => profiles.get(clusterId)?.name ?? clusterId);
  const history = createHistory({
    folder: join(dataFolder, 'history'),
    publish: (record) => publish('history.changed', record),
    snapshot: (clusterId) => monitor.snapshot(clusterId),
    sizes: (clusterId) => monitor.lastSizes(clusterId),
    refreshSeconds: () => settings.read().refreshSeconds,
    onProblem: (clusterId, text) => notify({ level: 'mind', title: 'History', text, clusterId }),
  });
  const registry = createRegistry({
    profiles,
    secrets,
    recognise,
    onState: (state) => {
      publish('session.changed', state);
      monitor.onSession(state);
      history.onSession(state);
      tellLimits(state);
      // What a restart of the app left open is looked at as soon as there is a way to look.
      if (state.phase === 'open') {
        roles.onOpen(state.clusterId);
        operations
          .look(state.clusterId)
          .catch((error: unknown) => log.warn('open operations could not be looked at', error));
      }
    },
  });
  const roles = createKnownRoles(async (clusterId) => readRoleNames(registry.coordinator(clusterId)));
  const monitor = createMonitor({
    sessions: {
      coordinator: (clusterId) => registry.coordinator(clusterId),
      aside: (clusterId) => registry.aside(clusterId),
      node: (clusterId, node) => registry.node(clusterId, node),
    },
    publish: (event, record) => {
      publish(event, record);
      history.onRecord(event, record);
      if (event === 'snapshot.changed') noteMembers(record as { clusterId: string });
    },
    settings: () => settings.read(),
    moveTimes,
    lastSeen: (clusterId) => history.lastSeen(clusterId),
  });

  const threads = new Set<PlannerThread>();
  const startThread = (): PlannerThread => {
    for (const one of threads) if (one.isEnded()) threads.delete(one);
    const file = join(surroundings.buildFolder, 'main', 'planner-thread.cjs');
    const thread = startPlannerThread(() => new Worker(file));
    threads.add(thread);
    return thread;
  };
  const explorer = createClusterExplorer(monitor, createExplorer(startThread, idleThreadMs));

  const audit = await createAuditTrail({
    folder: dataFolder,
    person: userInfo().username,
  });
  const operations = createOperations({
    session: (clusterId) => {
      const coordinator = registry.coordinator(clusterId);
      return {
        reader: coordinator,
        writer: coordinator,
        name: profiles.get(clusterId)?.name ?? clusterId,
        address: coordinator.address,
        node: (node) => registry.node(clusterId, node),
        lane: (index) => registry.lane(clusterId, index),
        aside: () => registry.aside(clusterId),
      };
    },
    snapshot: (clusterId, signal) => monitor.refresh(clusterId, signal),
    // A plan is asked for by a person and may wait a moment for sizes that hold.
    sizes: (clusterId) => monitor.sizes(clusterId, planSizesAgeMs),
    explore: (snapshot, asked, signal) => explorer.explore(snapshot, asked, planSizesAgeMs, signal),
    health: async (clusterId, signal) => {
      const last = monitor.healthReport(clusterId);
      const isFresh = last !== null && Date.now() - Date.parse(last.takenAt) < preflightAgeMs;
      return isFresh ? last : monitor.checkHealth(clusterId, signal);
    },
    audit,
    moveTimes,
    journalFolder: join(dataFolder, 'operations'),
    publish: (operation) => {
      publish('operation.changed', operation);
      history.onRecord('operation.changed', operation);
      readAfterStep(operation);
    },
    now: () => new Date(),
    newId: randomUUID,
  });

  /** What a step has changed is shown at once, not at the next beat. */
  const stepsSeen = new Map<string, string>();
  const readAfterStep = ({ operationId, clusterId, steps }: Operation): void => {
    const states = steps.map(({ state }) => state).join(' ');
    if (stepsSeen.get(operationId) === states) return;
    stepsSeen.set(operationId, states);
    monitor.refresh(clusterId).catch(() => undefined);
  };

  const practice = createPracticeService({
    binariesFolder: embeddedBinariesFolder(join(app.getAppPath(), 'node_modules')),
    resourcesFolder: surroundings.resourcesFolder,
    dataFolder: join(dataFolder, 'practice'),
    connect: connectDatabase,
    startDaemon: runDaemon,
    onChange: (list) => publish('practice.changed', list),
    onProblem: (failure) => notify(noticeOf(failure)),
  });
  /** A practice node that was added to the cluster is a member from then on, by whatever way it was added. */
  const noteMembers = ({ clusterId }: { readonly clusterId: string }): void => {
    void (async () => {
      const cluster = (await practice.list()).clusters.find((one) => one.clusterId === clusterId);
      const snapshot = monitor.snapshot(clusterId);
      if (cluster && snapshot)
        await practice.noteMembers(
          cluster.practiceId,
          snapshot.nodes.map(({ port }) => port),
        );
    })().catch((error: unknown) => log.warn('members of a practice cluster could not be noted', error));
  };

  const forgetHistory = (clusterId: string): Promise<void> => {
    moveTimes.forget(clusterId);
    return history.forget(clusterId);
  };
  const practiceParts = { practice, profiles, secrets, registry, forgetHistory };
  // What a crash left is ended before anything of it could be started a second time.
  const ready = practice
    .cleanUpAfterCrash()
    .then(() => forgetLostPractice(practiceParts))
    .catch((error: unknown) => log.error('practice clusters could not be tidied up', error));
  const { keptAside } = await operations.recover();
  for (const { path, reason } of keptAside) {
    notify({
      level: 'bad',
      title: 'The journal of an operation cannot be read',
      text: `${reason} It was kept as ${path}. Look at the cluster before repeating what it may have done.`,
    });
  }

  const handlers = createHandlers({
    advisor: {
      aside: (clusterId) => registry.aside(clusterId),
      snapshot: async (clusterId, signal) =>
        monitor.snapshot(clusterId) ?? (await monitor.refresh(clusterId, signal)),
      startThread,
    },
    app: {
      info: {
        version: app.getVersion(),
        runtime: {
          electron: process.versions.electron ?? '',
          chrome: process.versions['chrome'] ?? '',
          node: process.versions.node,
        },
        platform: `${process.platform} ${process.arch}`,
        dataFolder,
        startWithPractice: surroundings.commandLine.startWithPractice,
      },
      licencesFile: join(surroundings.buildFolder, 'licences.json'),
      notices,
      settings,
      copyText: (text) => clipboard.writeText(text),
      askForFile: (suggestedName) => askForFile(surroundings.window(), suggestedName),
    },
    connections: {
      profiles,
      secrets,
      drafts,
      registry,
      parsePastedProfile,
      readImportable,
      unfinishedOperation: (clusterId) => operations.unfinished(clusterId)?.title ?? null,
      notify,
      forgetHistory,
    },
    clusters: { monitor },
    rebalance: { monitor, explorer },
    tables: { registry, monitor },
    history,
    routing: { registry, monitor },
    operations: { operations, audit, askForFile: (name) => askForFile(surroundings.window(), name) },
    practice: { ...practiceParts, ready },
    share: {
      profiles,
      snapshot: (clusterId) => monitor.snapshot(clusterId),
      roles,
      practices: async () => (await practice.list()).clusters,
      askForFile: (name) => askForFile(surroundings.window(), name),
      copyPicture,
    },
  });

  return {
    handlers,
    async close() {
      for (const thread of threads) thread.end();
      await operations.close();
      monitor.stop();
      await registry.closeAll();
      await history.close();
      await practice.stopAll();
      await audit.close();
    },
  };
}

/**
 * Linux: `basic_text` means that there is no keystore and the text would be as good as plain. Electron before 26 does
 * not tell which it uses, and what cannot be told is not trusted.
 */
function systemKeystore(): Keystore {
  const linuxBackend = (safeStorage as Partial<typeof safeStorage>).getSelectedStorageBackend;
  return {
    get name() {
      if (process.platform === 'linux') return linuxBackend?.call(safeStorage) ?? 'basic_text';
      return process.platform === 'darwin' ? 'keychain' : 'dpapi';
    },
    isEncryptionAvailable: () => safeStorage.isEncryptionAvailable(),
    encryptString: (text) => safeStorage.encryptString(text),
    decryptString: (encrypted) => safeStorage.decryptString(encrypted),
  };
}

async function askForFile(window: BrowserWindow | null, suggestedName: string): Promise<string | null> {
  const options = { defaultPath: join(app.getPath('documents'), suggestedName) };
  const answer = window ? await dialog.showSaveDialog(window, options) : await dialog.showSaveDialog(options);
  return answer.canceled || !answer.filePath ? null : answer.filePath;
}

function noticeOf(failure: Failure): NoticeText {
  return {
    level: 'mind',
    title: failure.message,
    text: [failure.meaning, failure.remedy].filter(Boolean).join(' '),
  };
}
