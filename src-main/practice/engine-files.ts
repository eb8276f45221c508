/** What an engine adds to a node: settings, the extension's files, the environment of its programs. */
import type { Engine } from './engine';
import type { Environment } from './processes';

/** Nothing of the app's own environment reaches the servers: no PG* variable, no proxy, no secret. */
export function serverEnvironment(): Environment {
  const kept = ['SystemRoot', 'TEMP', 'TMP'].flatMap((name) => {
    const value = process.env[name];
    return process.platform === 'win32' && value !== undefined ? [[name, value] as const] : [];
  });
  return { LC_ALL: 'C', ...Object.fromEntries(kept) };
}

/** `share` is the folder for extension_control_path. */
export function engineSettings(
  engine: Engine,
  share: string,
): readonly (readonly [name: string, value: string])[] {
  const outputPlugins: readonly (readonly [string, string])[] = engine.knownSettings.has(
    'output_plugin_libraries',
  )
    ? [['output_plugin_libraries', 'pgoutput, test_decoding, citus']]
    : [];
  switch (engine.kind) {
    case 'emulator': {
      const separator = process.platform === 'win32' ? ';' : ':';
      return [
        ...outputPlugins,
        ['extension_control_path', `${share}${separator}$system`],
        // The emulator's catalogs lie in pg_catalog, as Citus's do.
        ['allow_system_table_mods', 'on'],
        // Ready for CREATE EXTENSION: advice on distribution is better where statements were seen.
        ...(engine.hasStatementStatistics
          ? [
              ['shared_preload_libraries', 'pg_stat_statements'] as const,
              ['pg_stat_statements.max', '500'] as const,
            ]
          : []),
      ];
    }
    case 'citus':
      return [
        ...outputPlugins,
        ['shared_preload_libraries', 'citus'],
        // Everything stays on loopback; "require" would make every node sign a certificate of its own.
        ['citus.node_conninfo', 'sslmode=disable'],
        // Loopback answers at once or not at all: a killed node should not hold the others up for half a minute.
        ['citus.node_connection_timeout', '5s'],
        ['max_worker_processes', '32'],
        ['max_logical_replication_workers', '16'],
        ['citus.enable_statistics_collection', 'off'],
      ];
  }
}

export function extensionSettings(engine: Engine): string {
  return engine.kind === 'emulator' ? (engine.extensionFiles.get('settings.conf') ?? '') : '';
}

/** Files of the extension as PostgreSQL wants them: the control file, and one script made of the parts in order. */
export function extensionScript(engine: Engine): ReadonlyMap<string, string> {
  if (engine.kind === 'citus') return new Map();
  const control = engine.extensionFiles.get('citus.control') ?? '';
  const version = /^\s*default_version\s*=\s*'([^']+)'/m.exec(control)?.[1] ?? '';
  const parts = [...engine.extensionFiles].filter(([name]) => name.endsWith('.sql')).sort();
  const script = parts.map(([name, text]) => `-- ${name}\n${text}`).join('\n');
  return new Map([
    ['citus.control', control],
    [`citus--${version}.sql`, script],
  ]);
}
