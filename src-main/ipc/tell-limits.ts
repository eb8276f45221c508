/** Says once what a session cannot do although it is open, such as a role without rights. */
import type { SessionState } from '../contract/sessions';
import type { NoticeText } from './publish';

/** Told again only when something of it has changed, or the cluster was closed in between. */
export function createLimitsTeller(
  notify: (notice: NoticeText) => void,
  nameOf: (clusterId: string) => string,
): (state: SessionState) => void {
  const told = new Map<string, string>();
  return ({ clusterId, phase, limits = [] }) => {
    if (phase === 'closed' || phase === 'failed') told.delete(clusterId);
    if (phase !== 'open') return;
    const words = JSON.stringify(limits);
    if (limits.length > 0 && told.get(clusterId) !== words) {
      notify({
        level: 'mind',
        title: `${nameOf(clusterId)}: not everything is possible`,
        text: limits.map(({ message, remedy }) => [message, remedy].filter(Boolean).join(' ')).join(' '),
        clusterId,
      });
    }
    told.set(clusterId, words);
  };
}
