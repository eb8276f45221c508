/** The one window: sandboxed, isolated, and closed to everything but the app's own page. */
import { join } from 'node:path';
import { app, BrowserWindow, nativeTheme, session } from 'electron';
import { log } from './log/log';
import { pageAddress, pageOrigin } from './page';

export interface WindowOptions {
  readonly buildFolder: string;
  readonly iconFile: string;
}

/** Refuses, for everything a page could ask of the browser around it: permissions, devices, downloads, other origins. */
export function hardenSession(): void {
  const current = session.defaultSession;
  current.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  current.setPermissionCheckHandler(() => false);
  current.setDevicePermissionHandler(() => false);
  current.on('will-download', (event) => event.preventDefault());
  // A second lock behind the page's own policy: no request leaves for anything but the app's own files.
  current.webRequest.onBeforeRequest((details, callback) => {
    const allowed =
      details.url.startsWith(`${pageOrigin}/`)
      || /^(?:data|blob|devtools|chrome-extension):/.test(details.url);
    if (!allowed) log.warn('refused a request of the page', { url: details.url });
    callback({ cancel: !allowed });
  });
}

/** Refuses new windows, other pages and webviews in every web contents there will ever be. */
export function hardenContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event, url) => {
      if (url.split('#')[0] !== pageAddress) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}

export function openWindow(options: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 1024,
    minHeight: 640,
    show: false,
    useContentSize: true,
    autoHideMenuBar: true,
    // The page's ground, so that nothing flashes before it is drawn.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#10161d' : '#f4f6f8',
    icon: options.iconFile,
    title: 'Shardboard',
    webPreferences: {
      preload: join(options.buildFolder, 'preload', 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(pageAddress);
  return window;
}
