// A real server for the tests: the binary that `PLUMB_BINARY` names, on free ports of this machine
// and with data in a folder of its own that is gone afterwards. What the server said is printed
// when a test asks for it or the server does not come up.

import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** Everybody's password in the demo company. */
export const PASSWORD = 'ventilate-with-care';

/** The demo makes its company first; an unoptimised server on a busy machine takes its time. */
const READY_SECONDS = 180;
const STOP_SECONDS = 10;

/** The binary under test. */
export function binary() {
  const named = process.env.PLUMB_BINARY ?? path.resolve(import.meta.dirname, '../target/debug/plumb');
  const file = path.resolve(named);
  if (!fs.existsSync(file)) throw new Error(`There is no server at ${file}. Build it, or name another one with PLUMB_BINARY.`);
  return file;
}

/** @returns {Promise<number>} a port that is free now */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no free port'))));
    });
  });
}

/** Only what a server needs: settings of whoever runs the tests must not reach it. */
function environment(/** @type {Record<string, string>} */ more = {}) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PLUMB_'));
  return { ...Object.fromEntries(own), ...more };
}

/** A folder for a server's data. */
export function newData() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'plumb-browser-'));
}

/**
 * Runs the binary to its end.
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
export async function run(args, env = {}) {
  const { stdout } = await promisify(execFile)(binary(), args, { env: environment(env), timeout: READY_SECONDS * 1000 });
  return stdout;
}

/** @typedef {{ origin: string, log: () => string, stop: () => Promise<void> }} Server */

/**
 * Starts `plumb demo` or `plumb serve` and waits until it is ready.
 * @param {'demo' | 'serve'} command
 * @param {string} [data] a folder that `newData` made
 * @returns {Promise<Server>}
 */
export async function start(command, data = newData()) {
  const [port, content] = [await freePort(), await freePort()];
  const args = [command, '--data', data, '--listen', `127.0.0.1:${port}`, '--content-listen', `127.0.0.1:${content}`];
  const child = spawn(binary(), args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { said += chunk; });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  // Whatever ends the tests also ends the server.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);

  const stop = async () => {
    const timer = setTimeout(kill, STOP_SECONDS * 1000);
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await ended;
    clearTimeout(timer);
    process.removeListener('exit', kill);
    fs.rmSync(data, { recursive: true, force: true });
  };

  const origin = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + READY_SECONDS * 1000; ;) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`The server did not become ready. It said:\n${said}`);
    }
    const ready = await fetch(`${origin}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) break;
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
  return { origin, log: () => said, stop };
}

/**
 * Prints what the server said when a test failed; for `afterEach`.
 * @param {import('node:test').TestContext | import('node:test').SuiteContext} context
 * @param {Server | undefined} server
 */
export function explain(context, server) {
  if (server && 'passed' in context && context.passed === false) context.diagnostic(`The server said:\n${server.log().slice(-4000)}`);
}
