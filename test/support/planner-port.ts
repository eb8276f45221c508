/** A planner's two sides in one process: what a thread does, without one. */
import { MessageChannel } from 'node:worker_threads';
import { startPlannerThread } from '../../src-main/planning/planner-thread';
import type { PlannerThread } from '../../src-main/planning/planner-thread';
import { servePlanner } from '../../src-main/planning/serve-thread';
import type { PlannerTasks } from '../../src-main/planning/tasks';

export interface PlannerForTest {
  readonly thread: PlannerThread;
  /** As when a thread dies of itself. */
  readonly fail: (error: Error) => void;
}

export function plannerForTest(tasks: PlannerTasks): PlannerForTest {
  const { port1, port2 } = new MessageChannel();
  servePlanner(port2, tasks);
  const failures: ((error: Error) => void)[] = [];
  const thread = startPlannerThread(() => ({
    postMessage: (message) => port1.postMessage(message),
    on(event: 'message' | 'error', listener: (value: never) => void) {
      if (event === 'message') port1.on('message', listener as (value: unknown) => void);
      else failures.push(listener as (error: Error) => void);
    },
    terminate: () => port1.close(),
  }));
  return { thread, fail: (error) => failures.forEach((listener) => listener(error)) };
}
