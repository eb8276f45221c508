/** What Citus says when library, extension or rights do not fit, in words of what to do. */
import { FailureError } from '../contract/failure';

/** Citus's own refusals in words of what to do; any other error is returned as it is. */
export function explainCitusError(error: unknown, database: string): unknown {
  if (!(error instanceof FailureError)) return error;
  const { failure } = error;
  const text = failure.serverMessage ?? failure.message;
  const keep = {
    sqlState: failure.sqlState,
    serverMessage: text,
    detail: failure.detail,
    hint: failure.hint,
  };
  const on = failure.node ?? 'The server';
  if (/Citus library version differs from latest available/i.test(text)) {
    return new FailureError({
      ...keep,
      kind: 'unsupported-version',
      message: `${on} still runs the Citus library of before its upgrade.`,
      meaning: 'A newer Citus was installed and PostgreSQL was not restarted, so Citus refuses every call.',
      remedy:
        'Restart PostgreSQL on that node, then run ALTER EXTENSION citus UPDATE; in each of its databases.',
      node: failure.node,
    });
  }
  if (/Citus library version differs/i.test(text)) {
    return new FailureError({
      ...keep,
      kind: 'unsupported-version',
      message: `The Citus library of ${on} does not match the extension in database "${database}".`,
      meaning: 'An upgrade of Citus was begun and not finished, so Citus refuses every call.',
      remedy: `Run ALTER EXTENSION citus UPDATE; in database "${database}" on every node.`,
      node: failure.node,
    });
  }
  if (/shared_preload_libraries/i.test(`${text} ${failure.hint ?? ''}`)) {
    return new FailureError({
      ...keep,
      kind: 'not-citus',
      message: `${on} has the Citus extension and has not loaded its library.`,
      meaning: 'Without the library no table of the cluster can be read.',
      remedy: 'Put citus first into shared_preload_libraries and restart PostgreSQL.',
      node: failure.node,
    });
  }
  if (failure.kind === 'permission') {
    return new FailureError({
      ...failure,
      message: `The role may not read the catalogs of Citus on ${on}.`,
      meaning: 'Nothing about the cluster can be shown.',
      remedy:
        'Connect as another role, or let an administrator run GRANT SELECT on the table that the server names below.',
    });
  }
  return error;
}
