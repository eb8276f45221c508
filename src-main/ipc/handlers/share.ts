/** Exports: texts made fit for others, and pictures. */
import { userInfo } from 'node:os';
import type { ClusterSnapshot } from '../../contract/cluster';
import type { PracticeCluster } from '../../contract/practice';
import { redact } from '../../log/redact';
import { createNameHider } from '../../share/hide-names';
import type { KnownNames } from '../../share/hide-names';
import type { KnownRoles } from '../../share/known-roles';
import { saveFile } from '../../storage/save-file';
import type { Profiles } from '../../storage/profiles';
import type { Handlers } from '../serve';

type ShareHandlers = Pick<Handlers, Extract<keyof Handlers, `share.${string}`>>;

export interface ShareParts {
  readonly profiles: Pick<Profiles, 'list'>;
  readonly snapshot: (clusterId: string) => ClusterSnapshot | null;
  readonly roles: KnownRoles;
  readonly practices: () => Promise<readonly PracticeCluster[]>;
  /** Asks the person where; null when the dialog was closed. */
  readonly askForFile: (suggestedName: string) => Promise<string | null>;
  /** A PNG. */
  readonly copyPicture: (png: Buffer) => Promise<void>;
}

export function shareHandlers(parts: ShareParts): ShareHandlers {
  return {
    'share.clean': async ({ clusterId, texts, hidesNames }) => {
      if (!hidesNames) return texts.map(redact);
      const hide = createNameHider(await knownNames(parts, clusterId));
      // Secrets first: a name inside a URI would hide where its password stands.
      return texts.map((text) => hide(redact(text)));
    },
    'share.savePicture': async ({ suggestedName, png }) => {
      const path = await parts.askForFile(suggestedName);
      if (path === null) return null;
      await saveFile(path, Buffer.from(png, 'base64'));
      return { path };
    },
    'share.copyPicture': async ({ png }) => {
      await parts.copyPicture(Buffer.from(png, 'base64'));
      return null;
    },
  };
}

/** Of every cluster, not of this one alone: names of others stand in the audit trail and in notices. */
async function knownNames(parts: ShareParts, clusterId: string): Promise<KnownNames> {
  const { profiles } = parts.profiles.list();
  const own = parts.snapshot(clusterId);
  const others = profiles.flatMap(({ id }) => (id === clusterId ? [] : (parts.snapshot(id) ?? [])));
  const practices = await parts.practices();
  const roles = await Promise.all([
    parts.roles.of(clusterId),
    // Theirs are hidden as far as they are known: a cluster that fails must not keep another from being shared.
    ...profiles.filter(({ id }) => id !== clusterId).map(({ id }) => parts.roles.of(id).catch(() => [])),
  ]);
  return {
    nodes: (own?.nodes ?? []).map(({ name, port }) => ({ host: name, port })),
    hosts: [
      ...profiles.flatMap(({ host }) => host.split(',')),
      ...others.flatMap(({ nodes }) => nodes.map(({ name }) => name)),
      ...practices.flatMap(({ nodes }) => nodes.map(({ host }) => host)),
    ],
    roles: [
      ...profiles.map(({ user }) => user),
      ...[own, ...others].flatMap((one) => (one ? [one.capabilities.role] : [])),
      ...[own, ...others].flatMap((one) => (one ? one.tables.map(({ owner }) => owner) : [])),
      ...roles.flat(),
      userInfo().username,
    ],
    databases: profiles.map(({ database }) => database),
    clusters: profiles.map(({ name }) => name),
  };
}
