/** A writer that puts every change into the audit trail: before it is sent, and again with what came of it. */
import { shownStatement } from '../connections/database';
import type { ChangeResult, Statement, StatementOptions, Writer } from '../connections/database';
import { toFailure } from '../contract/failure';
import type { AuditAppender } from './engine-parts';

export interface AuditSubject {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly operationId: string | null;
}

/** A change whose first line cannot be written is not sent: nothing happens that could not be proved later. */
export function auditedWriter(writer: Writer, audit: AuditAppender, subject: AuditSubject): Writer {
  const note = (
    statement: Statement,
    outcome: 'started' | 'succeeded' | 'failed',
    result: string,
  ): Promise<unknown> =>
    audit.append({
      ...subject,
      node: writer.address,
      statement: shownStatement(statement).shown,
      outcome,
      result,
    });
  return {
    address: writer.address,
    read: (statement, options) => writer.read(statement, options),
    async change<Row extends object>(
      statement: Statement,
      options?: StatementOptions,
    ): Promise<ChangeResult<Row>> {
      await note(statement, 'started', '');
      let result: ChangeResult<Row>;
      try {
        result = await writer.change<Row>(statement, options);
      } catch (error) {
        const failure = toFailure(error);
        const parts = [
          failure.sqlState,
          failure.serverMessage ?? failure.message,
          failure.detail,
          failure.hint,
        ];
        await note(
          statement,
          'failed',
          parts.filter((part) => part !== undefined && part !== '').join(' · '),
        );
        throw error;
      }
      await note(statement, 'succeeded', resultWords(result));
      return result;
    },
  };
}

function resultWords(result: ChangeResult<object>): string {
  const rows = result.rows.length === 0 ? '' : `, ${JSON.stringify(result.rows).slice(0, 500)}`;
  const notices = result.notices.map((notice) => `${notice.severity}: ${notice.message}`);
  return [`${result.command}${rows}`, ...notices].join(' · ');
}
