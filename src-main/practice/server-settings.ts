/** The text of a practice node's postgresql.conf and pg_hba.conf. */
import { loopback } from './ports';

export interface ServerSettings {
  readonly port: number;
  /** Shown in the process list: "Practice A worker-1". */
  readonly title: string;
  readonly password: string;
  /** Settings that only the engine needs, in order; a later one of a name wins. */
  readonly engineSettings: readonly (readonly [name: string, value: string])[];
  /** Text that the extension brings along, appended as it is. */
  readonly extensionSettings: string;
}

/** As it must stand in postgresql.conf. */
export function quoteSetting(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `'${escaped}'`;
}

/**
 * Small and quick, in this order of importance: a class runs several nodes on a laptop. Nothing waits for the
 * disk (fsync off): what was committed survives a killed process, and not a power cut.
 */
export function serverSettings(settings: ServerSettings): string {
  const common: readonly (readonly [string, string])[] = [
    ['listen_addresses', loopback],
    ['port', String(settings.port)],
    // No socket file: its path is limited to about 100 bytes, and data folders are not.
    ['unix_socket_directories', ''],
    ['cluster_name', toAscii(settings.title).slice(0, 63)],
    ['password_encryption', 'scram-sha-256'],
    ['max_connections', '100'],
    ['superuser_reserved_connections', '3'],
    ['shared_buffers', '16MB'],
    ['work_mem', '4MB'],
    ['maintenance_work_mem', '16MB'],
    ['temp_buffers', '1MB'],
    ['wal_buffers', '1MB'],
    ['max_wal_size', '64MB'],
    ['min_wal_size', '16MB'],
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['wal_level', 'logical'],
    ['max_wal_senders', '20'],
    ['max_replication_slots', '20'],
    ['max_prepared_transactions', '100'],
    // A statement on a distributed table locks one relation a shard, indexes and partitions not counted.
    ['max_locks_per_transaction', '256'],
    ['autovacuum_max_workers', '1'],
    ['autovacuum_naptime', '1min'],
    ['jit', 'off'],
    ['log_destination', 'stderr'],
    ['logging_collector', 'off'],
    ['log_min_messages', 'warning'],
    // Statements may hold passwords (ALTER ROLE), so none is written to the log.
    ['log_min_error_statement', 'panic'],
    ['log_checkpoints', 'off'],
    ['log_line_prefix', '%m [%p] '],
    ['lc_messages', 'C'],
    ['shardboard.practice_password', settings.password],
  ];
  const lines = [...common, ...settings.engineSettings].map(
    ([name, value]) => `${name} = ${quoteSetting(value)}`,
  );
  return [
    '# Written by Shardboard at every start of this practice node: changes made here are lost.',
    ...lines,
    '',
    settings.extensionSettings,
    '',
  ].join('\n');
}

/** Only this machine, only with the password. */
export const accessRules = [
  `host all all ${loopback}/32 scram-sha-256`,
  `host replication all ${loopback}/32 scram-sha-256`,
  '',
].join('\n');

/** libpq's password file, for what a server opens towards its neighbours, whoever works with it. */
export function passwordFileText(password: string): string {
  return `*:*:*:*:${password.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}\n`;
}

// cluster_name takes printable ASCII only.
function toAscii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
