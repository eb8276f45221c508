/** Composition root: builds the parts in order, registers the handlers, opens the window, owns the quit sequence. */
import { join } from 'node:path';
import { app, BrowserWindow, ipcMain } from 'electron';
import electronLog from 'electron-log/main';
import { compose } from './compose';
import { parseCommandLine } from './command-line';
import { createPublish } from './ipc/publish';
import { serve } from './ipc/serve';
import { log, setLogSink } from './log/log';
import { pageOrigin, registerPageScheme, servePage } from './page';
import { hardenContents, hardenSession, openWindow } from './window';

/** Time the app gives its own work to end before it quits all the same; what is not done is found at the next start. */
const quitLimitMs = 25_000;

const buildFolder = join(app.getAppPath(), 'out');
const resourcesFolder = join(app.getAppPath(), 'resources');
const dataFolder = app.getPath('userData');
const commandLine = parseCommandLine(process.argv);

registerPageScheme();
hardenContents();

if (app.requestSingleInstanceLock()) {
  start();
} else {
  // The first instance is shown instead: two of them would share one journal.
  app.quit();
}

function start(): void {
  electronLog.transports.file.resolvePathFn = () => join(dataFolder, 'logs', 'shardboard.log');
  electronLog.transports.file.maxSize = 5 * 1024 * 1024;
  electronLog.transports.console.level = false;
  setLogSink((level, text) => electronLog[level](text));
  process.on('uncaughtException', (error) => log.error('uncaught', error));
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection', reason));

  let window: BrowserWindow | null = null;
  const publish = createPublish(() => window?.webContents ?? null);
  const composed = app
    .whenReady()
    .then(() =>
      compose({ buildFolder, resourcesFolder, dataFolder, commandLine, publish, window: () => window }),
    );
  composed.catch((error: unknown) => log.error('the app could not be put together', error));

  const refuseRequests = serve({
    ipcMain,
    handlers: composed.then(({ handlers }) => handlers),
    isTrusted: (event) =>
      event.senderFrame !== null
      && event.senderFrame === event.sender.mainFrame
      && event.senderFrame.url.startsWith(`${pageOrigin}/`),
  });

  const show = (): void => {
    window = openWindow({
      buildFolder,
      iconFile: join(resourcesFolder, 'icons', 'shardboard.png'),
    });
    window.on('closed', () => (window = null));
  };
  void app.whenReady().then(() => {
    hardenSession();
    servePage(join(buildFolder, 'renderer'));
    show();
    app.on('activate', () => {
      if (BrowserWindow.getAllWindows().length === 0) show();
    });
  });
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on('window-all-closed', () => app.quit());

  let quitting = false;
  app.on('before-quit', (event) => {
    event.preventDefault();
    if (quitting) return;
    quitting = true;
    refuseRequests();
    const limit = new Promise<void>((resolve) => setTimeout(resolve, quitLimitMs));
    void Promise.race([composed.then(({ close }) => close()), limit])
      .catch((error: unknown) => log.error('while quitting', error))
      .finally(() => app.exit(0));
  });
  // A terminal's Ctrl+C and a session's end take the same way out.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit());
}
