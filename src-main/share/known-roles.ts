/** The roles of each cluster, so that none of them is left in what is given to others. */
import { toFailure } from '../contract/failure';

export interface KnownRoles {
  /** A session was opened: its roles are read, to be known when it is closed. */
  onOpen(clusterId: string): void;
  /**
   * As they are now; while the cluster is not connected, as they were last read, if ever. Throws where a connected
   * cluster does not tell and never did: what cannot be hidden must not be given away.
   */
  of(clusterId: string): Promise<readonly string[]>;
}

export function createKnownRoles(read: (clusterId: string) => Promise<readonly string[]>): KnownRoles {
  const lastRead = new Map<string, readonly string[]>();

  const of = async (clusterId: string): Promise<readonly string[]> => {
    try {
      const names = await read(clusterId);
      lastRead.set(clusterId, names);
      return names;
    } catch (error) {
      const known = lastRead.get(clusterId);
      if (known) return known;
      if (toFailure(error).kind === 'not-connected') return [];
      throw error;
    }
  };

  return {
    // What fails now is read again when it is needed.
    onOpen: (clusterId) => void of(clusterId).catch(() => undefined),
    of,
  };
}
