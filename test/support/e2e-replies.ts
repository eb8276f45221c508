/** Everything that main sends to the page, recorded in main: what is not in it, the page was never told. */
import type { ElectronApplication } from 'playwright-core';

interface Recorded {
  shardboardReplies: string[];
}

/** From now on every reply and every event is kept as text. */
export async function recordReplies(electron: ElectronApplication): Promise<void> {
  await electron.evaluate(({ ipcMain, BrowserWindow }) => {
    const kept = ((globalThis as unknown as Recorded).shardboardReplies = []) as string[];
    // Electron has no way to look at a reply; its own table of handlers is the one place they all pass.
    const { _invokeHandlers: handlers } = ipcMain as unknown as {
      _invokeHandlers: Map<string, (event: object, ...args: unknown[]) => unknown>;
    };
    const [channel] = [...handlers.keys()].filter((name) => name.startsWith('shardboard:'));
    const handler = channel === undefined ? undefined : handlers.get(channel);
    const [window] = BrowserWindow.getAllWindows();
    if (channel === undefined || !handler || !window) throw new Error('there is nothing to record');
    handlers.set(channel, async (event, ...args) => {
      const recorded = event as { _reply?: (value: unknown) => void };
      const reply = recorded._reply;
      if (reply) {
        recorded._reply = (value) => {
          kept.push(JSON.stringify(value));
          reply.call(recorded, value);
        };
      }
      const answer: unknown = await handler(event, ...args);
      kept.push(JSON.stringify(answer ?? null));
      return answer;
    });
    const send = window.webContents.send.bind(window.webContents);
    window.webContents.send = (name, ...args) => {
      kept.push(JSON.stringify([name, ...(args as unknown[])]));
      send(name, ...(args as unknown[]));
    };
  });
}

export async function recordedReplies(electron: ElectronApplication): Promise<readonly string[]> {
  return electron.evaluate(() => (globalThis as unknown as Recorded).shardboardReplies);
}
