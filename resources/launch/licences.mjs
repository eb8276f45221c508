/** Collects the licences of everything that is shipped with the app, for its About dialog: out/licences.json. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootFolder } from './console.mjs';

const root = fileURLToPath(rootFolder);

export function writeLicences() {
  const wanted = [...Object.keys(readJson(join(root, 'package.json')).dependencies), 'electron'];
  const found = new Map();
  while (wanted.length > 0) {
    const name = wanted.pop();
    const folder = join(root, 'node_modules', name);
    if (found.has(name) || !existsSync(join(folder, 'package.json'))) continue;
    const description = readJson(join(folder, 'package.json'));
    found.set(name, {
      name,
      version: description.version,
      licence:
        typeof description.license === 'string'
          ? description.license
          : (description.license?.type ?? 'see text'),
      text: licenceText(folder),
    });
    // Electron's own dependencies only fetch it; they are not shipped.
    if (name !== 'electron') {
      wanted.push(
        ...Object.keys(description.dependencies ?? {}),
        ...Object.keys(description.optionalDependencies ?? {}),
      );
    }
  }
  mkdirSync(join(root, 'out'), { recursive: true });
  const list = [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
  writeFileSync(join(root, 'out', 'licences.json'), JSON.stringify(list));
}

function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)(\.|$|-)/i.test(name));
  return file ? readFileSync(join(folder, file), 'utf8') : '';
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
