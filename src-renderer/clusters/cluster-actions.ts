import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import { useRouter } from 'vue-router';
import type { Failure, Result } from '../../src-main/contract/failure';
import type { PracticeCluster } from '../../src-main/contract/practice';
import { assertNever } from '../api/assert-never';
import { request } from '../api/bridge';
import { usePastStore } from '../history/past-store';
import { usePracticeStore } from '../practice/practice-store';
import { useNoticeStore } from '../shell/notice-store';
import { useShellStore } from '../shell/shell-store';
import type { ClusterCommand } from './cluster-commands';
import type { ListedCluster } from './cluster-list';
import { useClusterStore } from './cluster-store';
import { useSessionActions } from './session-actions';

/** A question that is put before something is lost, and what is done on yes. */
export interface PendingQuestion {
  readonly title: string;
  readonly lost: readonly string[];
  readonly kept: readonly string[];
  readonly actionText: string;
  readonly typeToConfirm?: string;
  readonly run: () => Promise<Result<unknown>>;
}

/** Runs the commands of a cluster as a whole; what loses something asks first. */
export const useClusterActions = defineStore('cluster-actions', () => {
  const store = useClusterStore();
  const sessions = useSessionActions();
  const practices = usePracticeStore();
  const notices = useNoticeStore();
  const shell = useShellStore();
  const router = useRouter();
  const past = usePastStore();

  const question = shallowRef<PendingQuestion | null>(null);
  const isAnswering = ref(false);
  const answerFailure = shallowRef<Failure | null>(null);

  function ask(next: PendingQuestion): void {
    answerFailure.value = null;
    question.value = next;
  }
  function dropQuestion(): void {
    question.value = null;
    answerFailure.value = null;
  }
  async function answerYes(): Promise<void> {
    const asked = question.value;
    if (asked === null) return;
    isAnswering.value = true;
    const result = await asked.run();
    isAnswering.value = false;
    if (result.ok) dropQuestion();
    else answerFailure.value = result.failure;
  }

  async function run(entry: ListedCluster, command: ClusterCommand): Promise<void> {
    const { clusterId, name, practice } = entry;
    // What is about to be changed is seen as it is, also behind the question that is put first.
    past.leave(clusterId);
    switch (command.type) {
      case 'connect':
        await router.push({ name: 'topology', params: { clusterId } });
        await sessions.connect(clusterId);
        return;
      case 'cancel':
        sessions.cancel(clusterId);
        await tell(`Stop connecting to ${name}`, clusterId, sessions.disconnect(clusterId));
        return;
      case 'disconnect':
        await tell(`Disconnect ${name}`, clusterId, sessions.disconnect(clusterId));
        return;
      case 'edit':
        shell.open({ type: 'connect', profileId: clusterId });
        return;
      case 'remove':
        ask(questionToRemove(clusterId, name));
        return;
      default:
        if (practice !== null) await runOnPractice(practice, command);
    }
  }

  function questionToRemove(clusterId: string, name: string): PendingQuestion {
    return {
      title: `Remove ${name} from the list`,
      lost: ['The address and settings stored for it', 'Its stored password, if there is one'],
      kept: ['The cluster itself: nothing is sent to it', 'Its operations and entries of the audit trail'],
      actionText: 'Remove from the list',
      run: async () => {
        await sessions.disconnect(clusterId);
        const result = await request('profiles.remove', { profileId: clusterId });
        if (result.ok && store.currentId === clusterId) await router.push({ name: 'welcome' });
        return result;
      },
    };
  }

  type PracticeCommand = Exclude<
    ClusterCommand,
    { readonly type: 'connect' | 'disconnect' | 'cancel' | 'edit' | 'remove' }
  >;

  async function runOnPractice(practice: PracticeCluster, command: PracticeCommand): Promise<void> {
    const { practiceId, clusterId, name } = practice;
    switch (command.type) {
      case 'practice-start':
        await router.push({ name: 'topology', params: { clusterId } });
        await tell(`Start ${name}`, clusterId, practices.start(practice));
        return;
      case 'practice-stop':
        await tell(
          `Stop ${name}`,
          clusterId,
          practices.busy(practice, () => request('practice.stop', { practiceId })),
        );
        return;
      case 'practice-add-node':
        await addNode(practice);
        return;
      case 'practice-revive':
        await tell(
          `Revive ${command.node}`,
          clusterId,
          practices.busy(practice, () => request('practice.reviveNode', { practiceId, node: command.node })),
        );
        return;
      case 'practice-kill':
        ask({
          title: `Kill ${command.node} of ${name}`,
          lost: [
            'Its PostgreSQL processes end at once, as in a power cut',
            'Statements that run on it fail; those that need its shards fail until it is revived',
          ],
          kept: ['Everything committed: it recovers when it is revived'],
          actionText: `Kill ${command.node}`,
          run: () => request('practice.killNode', { practiceId, node: command.node }),
        });
        return;
      case 'practice-reset':
        ask({
          title: `Reset ${name}`,
          lost: ['All its data and every change made in it', 'Nodes that were added to it'],
          kept: ['A fresh cluster of the same name with the sample data', 'Entries of the audit trail'],
          actionText: `Reset ${name}`,
          run: async () => {
            const result = await request('practice.reset', { practiceId });
            if (result.ok) void sessions.connect(clusterId);
            return result;
          },
        });
        return;
      case 'practice-remove':
        ask({
          title: `Delete ${name}`,
          lost: ['Its nodes and all their data', 'The way to connect to it'],
          kept: ['Its entries of the audit trail', 'Every other practice cluster'],
          actionText: `Delete ${name}`,
          typeToConfirm: name,
          run: async () => {
            const result = await request('practice.remove', { practiceId });
            if (result.ok && store.currentId === clusterId) await router.push({ name: 'welcome' });
            return result;
          },
        });
        return;
      default:
        assertNever(command);
    }
  }

  async function addNode(practice: PracticeCluster): Promise<void> {
    const { practiceId, clusterId, name } = practice;
    const result = await practices.busy(practice, () => request('practice.addNode', { practiceId }));
    if (!result.ok) {
      notices.reportFailure(`Start an empty node of ${name}`, result.failure, clusterId);
      return;
    }
    const node = result.value;
    notices.say(
      'fine',
      `${node.name} runs on ${node.host}:${node.port}`,
      'It is empty and not part of the cluster yet.',
      {
        clusterId,
        action: {
          label: 'Add it to the cluster…',
          run: () =>
            void router.push({
              name: 'add-node',
              params: { clusterId },
              query: { host: node.host, port: String(node.port) },
            }),
        },
      },
    );
  }

  async function tell(what: string, clusterId: string, answer: Promise<Result<unknown>>): Promise<void> {
    const result = await answer;
    if (!result.ok) notices.reportFailure(what, result.failure, clusterId);
  }

  return { question, isAnswering, answerFailure, ask, dropQuestion, answerYes, run };
});
