/** How the start-up scripts speak: one line per piece of work, and one clear line when something is missing. */
import { spawn } from 'node:child_process';

export const rootFolder = new URL('../../', import.meta.url);

/** Ends the script with one line and no stack trace. */
export class Missing extends Error {}

export function say(text) {
  process.stdout.write(`shardboard: ${text}\n`);
}

/** Runs `work`, saying what is being done and how long it took. */
export async function step(title, work) {
  const begin = Date.now();
  say(`${title} ...`);
  const result = await work();
  say(`${title}: done in ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  return result;
}

/**
 * Runs a command without a shell. `quiet` keeps its output and shows the tail only when it fails.
 * Rejects with `Missing` on a non-zero exit.
 */
export function run(command, args, { cwd, env, quiet = false, timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: cwd ?? rootFolder,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-20_000));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const timer = timeoutMs
      ? setTimeout(() => {
          output += `\ngiven up after ${timeoutMs / 1000} s`;
          child.kill('SIGKILL');
        }, timeoutMs)
      : null;
    child.on('error', (error) => reject(new Missing(`${command} cannot be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (timer) clearTimeout(timer);
      if (code === 0) resolve(output);
      else {
        const tail = output.trim().split('\n').slice(-15).join('\n');
        reject(
          new Missing(`${command} ${args.join(' ')} ended with ${signal ?? code}${tail ? `\n${tail}` : ''}`),
        );
      }
    });
  });
}

/** npm as a command that can be started without a shell on every platform. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli && /\.c?js$/.test(cli)) return run(process.execPath, [cli, ...args], options);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}

/** Runs a script's main function: a `Missing` ends it in one line, anything else is a fault of the script itself. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    process.stderr.write(
      `shardboard: ${error instanceof Missing ? error.message : `unexpected: ${error?.stack ?? error}`}\n`,
    );
    process.exitCode = 1;
  }
}
