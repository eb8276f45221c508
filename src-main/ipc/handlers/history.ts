/** What is kept of the past of clusters. */
import type { History } from '../../history/history';
import type { Handlers } from '../serve';

type HistoryHandlers = Pick<Handlers, Extract<keyof Handlers, `history.${string}`>>;

export function historyHandlers(history: History): HistoryHandlers {
  return {
    'history.read': ({ clusterId, limit }) => history.read(clusterId, limit),
    'history.past': ({ clusterId, at }) => history.past(clusterId, at),
  };
}
