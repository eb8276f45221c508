/** Every request the renderer can make: its input's schema, parsed in main at every call, and the type of its reply. */
import { z } from 'zod';
import { adviseInput, designInput, designTextInput, tableAdviceInput } from './advisor';
import type { Advice, Design, DesignText, TableAdvice } from './advisor';
import { copyInput, saveFileInput, settingsInput } from './app';
import type { AppInfo, Licence, Notice, SettingsRecord } from './app';
import { auditListInput } from './audit';
import type { AuditPage, AuditVerification } from './audit';
import { readSizesInput, tableInput } from './cluster';
import type {
  ClusterReachability,
  ClusterSizes,
  ClusterSnapshot,
  JobProgress,
  PlainTable,
  TableDescription,
} from './cluster';
import type { HealthReport } from './health';
import { historyInput, pastInput } from './history';
import type { HistoryRecord, PastReply } from './history';
import type { ClusterNodeStates } from './node-states';
import { decideInput, operationInput, planInput, startInput } from './operations';
import type { Operation, PlanReply, StartReply } from './operations';
import { createPracticeInput, practiceInput, practiceNodeInput } from './practice';
import type { PracticeCluster, PracticeList } from './practice';
import { parseProfileInput, passphraseInput, profileId, profileInput, saveProfileInput } from './profiles';
import type { Profile, ProfileDraft, ProfileList, SecretsBackend } from './profiles';
import { statementInput, valueInput } from './routing';
import type { RowCount, StatementRoute, ValueRoute } from './routing';
import { exploreInput, scriptInput } from './rebalance';
import { resumeWithInput } from './rest-plans';
import type { RestPlans } from './rest-plans';
import type { RebalanceExploration } from './rebalance';
import { clusterInput, openSessionInput } from './sessions';
import { cleanInput, copyPictureInput, savePictureInput } from './share';
import type { ConnectionReport, SessionState } from './sessions';
import type { TableKeys, TableRowEstimates } from './tables';
import { tenantsInput } from './table-changes';
import type { TenantList } from './table-changes';

const nothing = z.undefined();

export const requestInputs = {
  'app.info': nothing,
  'app.licences': nothing,
  /** Since the app was started, oldest first: those of before the window listened are in it. */
  'app.notices': nothing,
  'app.copyText': copyInput,
  'app.saveTextFile': saveFileInput,
  /** Texts of an export without secrets, and without names where that is asked for. */
  'share.clean': cleanInput,
  'share.savePicture': savePictureInput,
  'share.copyPicture': copyPictureInput,
  'settings.read': nothing,
  'settings.write': settingsInput,

  'profiles.list': nothing,
  'profiles.save': saveProfileInput,
  'profiles.remove': profileId,
  'profiles.parse': parseProfileInput,
  'profiles.importable': nothing,
  'vault.create': passphraseInput,
  'vault.unlock': passphraseInput,
  'vault.lock': nothing,

  'sessions.list': nothing,
  'sessions.open': openSessionInput,
  'sessions.close': clusterInput,
  'sessions.test': z.object({
    profile: profileInput,
    password: z.string().max(1024).optional(),
    draftId: z.string().max(80).optional(),
  }),

  /** The last known, at once; null when nothing was read yet. */
  'cluster.snapshot': clusterInput,
  'cluster.refresh': clusterInput,
  /** The last known, at once. */
  'cluster.sizes': clusterInput,
  /** Reads them where the last known are too old for what is wanted; what it found is told by `sizes.changed`. */
  'cluster.readSizes': readSizesInput,
  'cluster.reachability': clusterInput,
  'cluster.states': clusterInput,
  /** Try every node again now. */
  'cluster.probe': clusterInput,
  'cluster.progress': clusterInput,
  /** Everything again, now. */
  'health.check': clusterInput,
  /** The last known, at once; null when none was made yet. */
  'health.report': clusterInput,
  /** What is kept of the cluster's past on this workstation. */
  'history.read': historyInput,
  /** The cluster as it was. */
  'history.past': pastInput,
  'tables.plain': clusterInput,
  'tables.describe': tableInput,
  'tables.keys': clusterInput,
  'tables.rowEstimates': clusterInput,
  /** Asks every shard of the table for its statistics: only while a person chooses a tenant. */
  'tables.tenants': tenantsInput,
  'routing.value': valueInput,
  /** Rows of the table with that value. */
  'routing.countRows': valueInput,
  /** Planned, never run. */
  'routing.statement': statementInput,

  /** Reads the schema, its statistics and what statements were seen, anew. */
  'advisor.advise': adviseInput,
  /** One design of an advice that is kept, with a person's own choices on top. */
  'advisor.design': designInput,
  'advisor.table': tableAdviceInput,
  'advisor.text': designTextInput,
  /** A rebalance as it might be; changes nothing. */
  'rebalance.explore': exploreInput,
  /** Moves as the statements that the app would send, to be kept or run by hand. */
  'rebalance.script': scriptInput,

  'operations.plan': planInput,
  'operations.start': startInput,
  'operations.list': z.object({ clusterId: z.string().max(80).nullable() }),
  'operations.pause': operationInput,
  'operations.resume': operationInput,
  'operations.planRest': operationInput,
  'operations.resumeWith': resumeWithInput,
  'operations.cancel': operationInput,
  'operations.decide': decideInput,

  'audit.list': auditListInput,
  'audit.verify': nothing,
  'audit.export': nothing,

  'practice.list': nothing,
  'practice.create': createPracticeInput,
  'practice.start': practiceInput,
  'practice.stop': practiceInput,
  'practice.reset': practiceInput,
  'practice.remove': practiceInput,
  'practice.addNode': practiceInput,
  'practice.killNode': practiceNodeInput,
  'practice.reviveNode': practiceNodeInput,
} as const satisfies Record<keyof Replies, z.ZodType>;

export interface Replies {
  'app.info': AppInfo;
  'app.licences': readonly Licence[];
  'app.notices': readonly Notice[];
  'app.copyText': null;
  /** Null when the person closed the dialog. */
  'app.saveTextFile': { readonly path: string } | null;
  'share.clean': readonly string[];
  /** Null when the person closed the dialog. */
  'share.savePicture': { readonly path: string } | null;
  'share.copyPicture': null;
  'settings.read': SettingsRecord;
  'settings.write': SettingsRecord;

  'profiles.list': ProfileList;
  'profiles.save': Profile;
  'profiles.remove': null;
  'profiles.parse': ProfileDraft;
  'profiles.importable': readonly ProfileDraft[];
  'vault.create': SecretsBackend;
  'vault.unlock': SecretsBackend;
  'vault.lock': SecretsBackend;

  'sessions.list': readonly SessionState[];
  'sessions.open': SessionState;
  'sessions.close': SessionState;
  'sessions.test': ConnectionReport;

  'cluster.snapshot': ClusterSnapshot | null;
  'cluster.refresh': ClusterSnapshot;
  'cluster.sizes': ClusterSizes | null;
  'cluster.readSizes': Pick<ClusterSizes, 'revision'>;
  'cluster.reachability': ClusterReachability | null;
  'cluster.states': ClusterNodeStates | null;
  'cluster.probe': ClusterReachability;
  'cluster.progress': JobProgress | null;
  'health.check': HealthReport;
  'health.report': HealthReport | null;
  'history.read': HistoryRecord;
  'history.past': PastReply;
  'tables.plain': readonly PlainTable[];
  'tables.describe': TableDescription;
  'tables.keys': TableKeys;
  'tables.rowEstimates': TableRowEstimates;
  'tables.tenants': TenantList;
  'routing.value': ValueRoute;
  'routing.countRows': RowCount;
  'routing.statement': StatementRoute;

  'advisor.advise': Advice;
  'advisor.design': Design;
  'advisor.table': TableAdvice;
  'advisor.text': DesignText;
  'rebalance.explore': RebalanceExploration;
  'rebalance.script': string;

  'operations.plan': PlanReply;
  'operations.start': StartReply;
  'operations.list': readonly Operation[];
  'operations.pause': Operation;
  'operations.resume': Operation;
  'operations.planRest': RestPlans;
  'operations.resumeWith': StartReply;
  'operations.cancel': Operation;
  'operations.decide': Operation;

  'audit.list': AuditPage;
  'audit.verify': AuditVerification;
  'audit.export': { readonly path: string } | null;

  'practice.list': PracticeList;
  /** Answers when every node runs and can be connected to; the sample data is loaded after that. */
  'practice.create': PracticeCluster;
  'practice.start': PracticeCluster;
  'practice.stop': PracticeCluster;
  'practice.reset': PracticeCluster;
  'practice.remove': null;
  /** The new, empty node: started, not registered in pg_dist_node. */
  'practice.addNode': { readonly name: string; readonly host: string; readonly port: number };
  'practice.killNode': PracticeCluster;
  'practice.reviveNode': PracticeCluster;
}

export type RequestName = keyof Replies;
export type InputOf<N extends RequestName> = z.input<(typeof requestInputs)[N]>;
export type ParsedInputOf<N extends RequestName> = z.output<(typeof requestInputs)[N]>;
export type ReplyOf<N extends RequestName> = Replies[N];
