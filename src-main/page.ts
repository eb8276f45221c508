/**
 * Serves the built page under a scheme of its own: a real origin, headers of our choosing, and no way from the
 * page to any other file.
 */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { protocol } from 'electron';

const scheme = 'shardboard';
export const pageOrigin = `${scheme}://app`;
export const pageAddress = `${pageOrigin}/index.html`;

/**
 * The page may run its own bundled scripts and styles, show pictures it makes itself, and connect to nothing:
 * all data comes through the preload bridge.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
};

/** Must be called before the app is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: false, codeCache: true } },
  ]);
}

/** `folder`: where the built page lies. */
export function servePage(folder: string): void {
  const root = normalize(folder + sep);
  protocol.handle(scheme, async (request) => {
    const url = new URL(request.url);
    const path = normalize(join(root, decodeURIComponent(url.pathname)));
    const type = contentTypes[extname(path)];
    if (url.host !== 'app' || !path.startsWith(root) || !type || request.method !== 'GET') {
      return new Response(null, { status: 404 });
    }
    try {
      return new Response(new Uint8Array(await readFile(path)), {
        headers: {
          'Content-Type': type,
          'Content-Security-Policy': contentSecurityPolicy,
          'X-Content-Type-Options': 'nosniff',
        },
      });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}
