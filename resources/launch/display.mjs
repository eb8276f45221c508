/** A display for a real window where the machine has none: Xvfb on a display number of its own choosing. */
import { spawn } from 'node:child_process';
import { Missing } from './console.mjs';
import { hasDisplay } from './system-libraries.mjs';

/** Calls `work` with the environment that has a display, and ends the virtual one by its process id. */
export async function withDisplay(work) {
  if (process.platform !== 'linux' || hasDisplay()) return work({});
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const stop = () => server.kill('SIGTERM');
  process.once('exit', stop);
  try {
    const number = await displayNumber(server);
    return await work({ DISPLAY: `:${number}` });
  } finally {
    stop();
    process.off('exit', stop);
  }
}

function displayNumber(server) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Missing('the virtual display (Xvfb) did not start in 20 s')),
      20_000,
    );
    server.on('error', (error) =>
      reject(new Missing(`the virtual display (Xvfb) cannot be started: ${error.message}`)),
    );
    server.on('exit', (code) => reject(new Missing(`the virtual display (Xvfb) ended with ${code}`)));
    server.stdio[3].once('data', (chunk) => {
      clearTimeout(timer);
      resolve(String(chunk).trim());
    });
  });
}
