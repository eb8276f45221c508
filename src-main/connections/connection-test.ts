/** "Test this connection": every stage once, told in words, and nothing stays open. */
import { toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { ProfileInput } from '../contract/profiles';
import { connectStages } from '../contract/sessions';
import type { ConnectStage, ConnectionReport } from '../contract/sessions';
import type { Database } from './database';
import { addressOf, bounded } from './dial';
import type { Recognise, Recognised } from './dial';
import { tlsModeMeaning } from './tls';

export interface ConnectionTest {
  readonly profile: ProfileInput;
  readonly hasPassword: boolean;
  readonly signal: AbortSignal;
  readonly open: (signal: AbortSignal, onStage: (stage: ConnectStage) => void) => Promise<Database>;
  readonly recognise: Recognise;
  readonly recogniseTimeoutMs: number;
}

export async function testConnection(test: ConnectionTest): Promise<ConnectionReport> {
  const { profile, signal } = test;
  let reached: ConnectStage = 'secret';
  const onStage = (stage: ConnectStage): void => void (reached = stage);
  let database: Database | null = null;
  try {
    const opened = await test.open(signal, onStage);
    database = opened;
    onStage('citus');
    const recognised = await bounded((inner) => test.recognise(opened, onStage, inner), {
      signal,
      limitMs: test.recogniseTimeoutMs,
      label: addressOf(profile),
      what: 'looking at the cluster',
    });
    return {
      stages: connectStages.map((stage) => ({
        stage,
        outcome: 'passed',
        words: passedWords(stage, test, recognised),
      })),
      versions: recognised.versions,
      nodeCount: recognised.nodeCount,
      limits: recognised.findings,
    };
  } catch (error) {
    return failedReport(test, reached, toFailure(error));
  } finally {
    await database?.close();
  }
}

function failedReport(test: ConnectionTest, reached: ConnectStage, failure: Failure): ConnectionReport {
  const position = connectStages.indexOf(reached);
  return {
    stages: connectStages.map((stage, index) => {
      if (index < position) return { stage, outcome: 'passed', words: passedWords(stage, test, null) };
      if (index > position) return { stage, outcome: 'not-reached', words: 'Not tried.' };
      return { stage, outcome: 'failed', words: failure.message };
    }),
    failure,
  };
}

function passedWords(stage: ConnectStage, test: ConnectionTest, recognised: Recognised | null): string {
  const { profile } = test;
  switch (stage) {
    case 'secret':
      return test.hasPassword
        ? 'A password is at hand.'
        : 'No password is at hand; the server must let this user in without one.';
    case 'address':
      return `${profile.host} has an address.`;
    case 'network':
      return `Port ${profile.port} accepts connections.`;
    case 'tls':
      return tlsModeMeaning(profile.tls).words;
    case 'login':
      return `User ${profile.user} is let into database ${profile.database}.`;
    case 'citus':
      return recognised
        ? `Citus ${recognised.versions.citus} on PostgreSQL ${recognised.versions.postgres}.`
        : 'Citus answers.';
    case 'topology': {
      const count = recognised?.nodeCount ?? 0;
      return count === 1 ? '1 node.' : `${count} nodes.`;
    }
  }
}
