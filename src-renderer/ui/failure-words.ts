import type { Failure, FailureKind } from '../../src-main/contract/failure';

interface Words {
  readonly meaning: string;
  readonly remedy: string;
}

/** What a kind of failure means and what leads on, where the failure itself does not say. */
const wordsOf: Readonly<Record<FailureKind, Words>> = {
  'invalid-input': {
    meaning: 'Nothing was sent.',
    remedy: 'Correct what is marked and repeat it.',
  },
  'not-found': {
    meaning: 'It was removed or renamed since it was last read.',
    remedy: 'Read again and choose from what is there now.',
  },
  conflict: {
    meaning: 'Something else has changed the same thing, or is changing it now.',
    remedy: 'Look at the current state, then decide again.',
  },
  cancelled: {
    meaning: 'It was stopped on request.',
    remedy: 'It can be started again.',
  },
  timeout: {
    meaning: 'No answer came in the time allowed; the server may be busy, or waits for a lock.',
    remedy: 'Try again; if it happens again, look at the load and the locks on that server.',
  },
  'not-connected': {
    meaning: 'There is no session with the coordinator, so nothing new is known and nothing can be changed.',
    remedy: 'Connect, then repeat it.',
  },
  unreachable: {
    meaning: 'No connection to that address could be made.',
    remedy:
      'Check that PostgreSQL runs there, listens on that address and port, and that no firewall is between.',
  },
  authentication: {
    meaning: 'The server answers and refuses the login.',
    remedy: 'Check the user and the password, and the line of pg_hba.conf that applies to this workstation.',
  },
  tls: {
    meaning: 'No trusted encrypted connection could be agreed on, so nothing was sent over it.',
    remedy:
      'Check the TLS mode, the CA file and that the host name is the one in the certificate of the server.',
  },
  permission: {
    meaning: 'The role that is logged in lacks a right for this.',
    remedy: 'Have the right granted, or connect as a role that holds it.',
  },
  'not-citus': {
    meaning: 'PostgreSQL answers, but the extension citus is not created in this database.',
    remedy:
      'Check the database name. Where Citus is to be used here: add citus to shared_preload_libraries, restart, then CREATE EXTENSION citus.',
  },
  'not-coordinator': {
    meaning: 'This server is a worker; a cluster is managed through its coordinator.',
    remedy: 'Connect to the coordinator of this cluster instead.',
  },
  'unsupported-version': {
    meaning: 'This version is older than what Shardboard knows how to manage safely.',
    remedy: 'Upgrade Citus on this cluster first.',
  },
  database: {
    meaning: 'The server refused it; what it says is below.',
    remedy: 'Follow the hint of the server, then repeat it.',
  },
  secrets: {
    meaning: 'The password could not be read or kept.',
    remedy: 'Unlock the keystore or the vault, or type the password for this session only.',
  },
  storage: {
    meaning: 'A file of Shardboard could not be read or written.',
    remedy: 'Check the free space and the rights of the data folder that About names.',
  },
  practice: {
    meaning: 'The practice cluster did not do what was asked.',
    remedy: 'Try again; a reset or a new practice cluster starts from clean data.',
  },
  internal: {
    meaning: 'What was asked for was not done.',
    remedy: 'Try again; if it happens again, the log in the data folder holds the details.',
  },
};

/** The same failure with a meaning and a way forward, its own words first. */
export function withWayForward(failure: Failure): Failure & Words {
  const words = wordsOf[failure.kind];
  return {
    ...failure,
    meaning: failure.meaning ?? words.meaning,
    remedy: failure.remedy ?? (failure.kind === 'database' ? failure.hint : undefined) ?? words.remedy,
  };
}
