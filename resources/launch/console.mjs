/** How the start-up scripts speak: one line per piece of work, and one clear line when something is missing. */
import { spawn } from 'node:child_process';

export const rootFolder = new URL('../../', import.meta.url);

/** Ends the script with one line and no stack trace. `output`: what the command said that failed, for who knows it better. */
export class Missing extends Error {
  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

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
          new Missing(
            `${command} ${args.join(' ')} ended with ${signal ?? code}${tail ? `\n${tail}` : ''}`,
            output,
          ),
        );
      }
    });
  });
}

/**
 * npm as a command that can be started without a shell on every platform, without its words.
 * Rejects with a `Missing` of one line: npm's own account of a refused connection is a stack trace.
 */
export async function npm(args, options) {
  const cli = process.env.npm_execpath;
  try {
    if (cli && /\.c?js$/.test(cli))
      return await run(process.execPath, [cli, ...args], { ...options, quiet: true });
    return await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { ...options, quiet: true });
  } catch (error) {
    if (!(error instanceof Missing) || error.output === '') throw error;
    throw new Missing(npmProblem(args[0], error.output));
  }
}

/** One line from what npm wrote when `npm <verb>` failed. */
export function npmProblem(verb, output) {
  const lines = [...output.matchAll(/^npm (?:error|ERR!) (.+)$/gm)].map(([, words]) => words);
  const code = lines.find((line) => line.startsWith('code '))?.slice('code '.length);
  const address = /request to (\S+?)\/? failed/.exec(output)?.[1];
  const network = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET|FETCH_ERROR)/;
  if (code && network.test(code)) {
    return `the npm registry cannot be reached (${[code, address].filter(Boolean).join(', ')}). Check network and proxy, or name a mirror: npm config set registry <address>`;
  }
  const first =
    lines.find((line) => !/^(code|errno|syscall) /.test(line)) ?? output.trim().split('\n').at(-1);
  return `npm ${verb} failed: ${[code, first].filter(Boolean).join(', ')}`;
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
