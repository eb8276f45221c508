/** Loads a TypeScript module of this repository into the running Node, without a build step of its own. */
import { fileURLToPath } from 'node:url';
import { rootFolder } from './console.mjs';

export async function loadScript(path) {
  const { runnerImport } = await import('vite');
  const { module } = await runnerImport(fileURLToPath(new URL(path, rootFolder)), {
    root: fileURLToPath(rootFolder),
    configFile: false,
    logLevel: 'error',
  });
  return module;
}
