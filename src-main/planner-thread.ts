/** Entry of the thread that plans. */
import { parentPort } from 'node:worker_threads';
import { identifier, qualified, shownStatement } from './connections/database';
import { servePlanner } from './planning/serve-thread';
import { createPlannerTasks } from './planning/tasks';

if (parentPort) {
  servePlanner(
    parentPort,
    createPlannerTasks({
      identifier,
      qualified,
      literal: (text) => shownStatement({ text: '$1', values: [text] }).shown,
    }),
  );
}
