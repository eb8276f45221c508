/** The thread's side: puts a call together, does it, answers. One call at a time, in the order of asking. */
import { toFailure } from '../contract/failure';
import type { FromThread, Port, ToThread } from './messages';
import { join } from './slices';
import type { PlannerTasks } from './tasks';

export function servePlanner(port: Port<FromThread, ToThread>, tasks: PlannerTasks): void {
  const inputs = new Map<number, unknown>();
  port.on('message', (message) => {
    const { callId } = message;
    switch (message.type) {
      case 'begin':
        inputs.set(callId, message.rest);
        return;
      case 'more':
        join(inputs.get(callId), message.slice);
        return;
      case 'call': {
        const input = inputs.get(callId);
        inputs.delete(callId);
        try {
          const task = tasks[message.task] as (input: unknown) => unknown;
          port.postMessage({ type: 'answer', callId, output: task(input) });
        } catch (error) {
          port.postMessage({ type: 'failed', callId, failure: toFailure(error) });
        }
      }
    }
  });
}
