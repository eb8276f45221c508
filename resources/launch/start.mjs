/** `npm start`: prepares what is missing, then opens the app. Arguments after `--` go to the app. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { main, Missing, rootFolder, say } from './console.mjs';
import { electronArguments } from './electron-arguments.mjs';
import { prepare } from './prepare.mjs';
import { hasDisplay } from './system-libraries.mjs';

await main(async () => {
  const begin = Date.now();
  if (process.platform === 'linux' && !hasDisplay()) {
    throw new Missing(
      'no display: neither DISPLAY nor WAYLAND_DISPLAY is set. Start it from a desktop session, or see it run with "npm run tour".',
    );
  }
  const executable = await prepare({ display: false });
  say(`starting (prepared in ${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  const child = spawn(
    executable,
    [...electronArguments(), fileURLToPath(rootFolder), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Missing(`the app cannot be started: ${error.message}`)));
    child.on('exit', (code) => resolve(code ?? 1));
  });
});
