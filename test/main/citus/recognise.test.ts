import { describe, expect, it } from 'vitest';
import { findLimits, recognise, refusePlainServer, refuseWrongNode } from '../../../src-main/citus/recognise';
import type { PlainServer, Topology } from '../../../src-main/citus/recognise';
import type { ServerFacts } from '../../../src-main/citus/capabilities';
import type { Reader } from '../../../src-main/connections/database';

const at = 'db.example:5432';
const server: PlainServer = {
  database: 'app',
  postgresMajor: '16',
  extension: '13.0-1',
  available: '13.0-1',
  library: '13.0.3',
};

const facts: ServerFacts = {
  versions: { citus: '13.0.3', extension: '13.0-1', postgres: '16.9', isPracticeEmulator: false },
  capabilities: {
    backgroundRebalance: true,
    jobStatus: true,
    moveByNodeId: true,
    schemaSharding: true,
    clones: false,
    parallelTransfer: false,
    isSuperuser: true,
    role: 'postgres',
    isCoordinator: true,
  },
  catalog: {
    hasBackgroundJobs: true,
    hasCleanupRecords: true,
    sizesByShardId: true,
    countsPromptly: true,
    isPracticeEmulator: false,
  },
  localGroupId: 0,
  isInRecovery: false,
};

const topology: Topology = {
  nodeCount: 3,
  coordinator: 'coord.example:5432',
  forbidden: [],
  tableCount: 4,
  foreignTableCount: 0,
};

describe('a server without a usable Citus', () => {
  it('is let through when it has one', () => {
    expect(refusePlainServer(at, server)).toBeNull();
  });

  it('names the package to install where Citus is not on its disk', () => {
    const failure = refusePlainServer(at, { ...server, extension: null, available: null, library: null });
    expect(failure).toMatchObject({ kind: 'not-citus', node: at });
    expect(failure?.remedy).toContain('install the Citus package for PostgreSQL 16');
    expect(failure?.remedy).toContain('CREATE EXTENSION citus;');
  });

  it('names the database and CREATE EXTENSION where Citus is installed', () => {
    const failure = refusePlainServer(at, { ...server, extension: null });
    expect(failure?.message).toContain('"app"');
    expect(failure?.remedy).toContain('run CREATE EXTENSION citus;');
    expect(failure?.remedy).not.toContain('shared_preload_libraries');
  });

  it('adds the restart where the library is not loaded either', () => {
    const failure = refusePlainServer(at, { ...server, extension: null, library: null });
    expect(failure?.remedy).toContain('shared_preload_libraries');
  });

  it('refuses a Citus before 11.0', () => {
    expect(refusePlainServer(at, { ...server, extension: '10.2-5' })?.kind).toBe('unsupported-version');
  });
});

describe('the wrong node', () => {
  it('is none on the coordinator', () => {
    expect(refuseWrongNode(at, facts, topology)).toBeNull();
  });

  it('offers the coordinator that a worker knows', () => {
    const failure = refuseWrongNode(at, { ...facts, localGroupId: 2 }, topology);
    expect(failure).toMatchObject({ kind: 'not-coordinator' });
    expect(failure?.remedy).toContain('coord.example:5432');
  });

  it('does not offer a loopback address as if it could be dialled from here', () => {
    const failure = refuseWrongNode(
      at,
      { ...facts, localGroupId: 2 },
      { ...topology, coordinator: 'localhost:5432' },
    );
    expect(failure?.remedy).toContain('on its own machine');
  });

  it('says so when the worker knows no coordinator', () => {
    const failure = refuseWrongNode(at, { ...facts, localGroupId: 2 }, { ...topology, coordinator: null });
    expect(failure?.remedy).toContain('does not know its coordinator');
  });

  it('recognises an unfinished PostgreSQL upgrade', () => {
    expect(refuseWrongNode(at, { ...facts, localGroupId: null }, topology)?.remedy).toContain(
      'citus_finish_pg_upgrade',
    );
  });
});

describe('limits of a session that is open', () => {
  it('are none for a superuser on a registered coordinator', () => {
    expect(findLimits(facts, topology)).toEqual([]);
  });

  it('name what the role may not call and may not move', () => {
    const limited = {
      ...facts,
      capabilities: { ...facts.capabilities, isSuperuser: false, role: 'reader' },
    };
    const findings = findLimits(limited, {
      ...topology,
      forbidden: ['citus_add_node', 'citus_remove_node'],
      foreignTableCount: 3,
    });
    expect(findings.map((finding) => finding.code)).toEqual(['role-not-superuser', 'role-owns-too-little']);
    expect(findings[0]?.message).toContain('citus_add_node, citus_remove_node');
    expect(findings[1]?.message).toContain('owns 1 of 4');
  });

  it('name a standby and a coordinator that is not registered', () => {
    const findings = findLimits({ ...facts, isInRecovery: true }, { ...topology, coordinator: null });
    expect(findings.map((finding) => finding.code)).toEqual(['standby', 'coordinator-not-registered']);
  });
});

describe('recognise', () => {
  it('reads nothing of Citus on a server without it, and says which stage it was in', async () => {
    const texts: string[] = [];
    const reader: Reader = {
      address: at,
      read: async (statement) => {
        texts.push(statement.text);
        return [
          { database: 'app', version: 160009, extension: null, available: null, library: null },
        ] as never;
      },
    };
    const stages: string[] = [];
    await expect(recognise(reader, (stage) => stages.push(stage))).rejects.toMatchObject({
      failure: { kind: 'not-citus' },
    });
    expect(texts).toHaveLength(1);
    expect(texts[0]).not.toMatch(/pg_dist|citus_version/);
    expect(stages).toEqual(['citus']);
  });
});
