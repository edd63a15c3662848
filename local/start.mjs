/**
 * `npm start`, `npm run dev` and `npm test`: installs what is missing, then hands over to Node 24 and local/main.ts. Plain JavaScript, because
 * it runs before anything is installed, on whatever Node (18 or later) the machine has.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NODE_MAJOR = 24;
const isRoot = process.getuid?.() === 0;
const major = (version) => Number(version.replace(/^v/, '').split('.')[0]);

function fail(message) {
  process.stderr.write(`scanfleet: ${message}\n`);
  process.exit(1);
}

const isExecutable = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const onPath = (name) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder && isExecutable(join(folder, name)));

/** Runs a command to its end with its output on stderr; whether it succeeded. */
function run(file, args, env = {}) {
  process.stderr.write(`scanfleet: ${[file, ...args].join(' ')}\n`);
  const { status } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
  return status === 0;
}

/** npm writes node_modules/.package-lock.json last of all: older than the lock, or absent, and the packages are not those of this version. */
function packagesAreCurrent() {
  const installed = join(root, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function installPackages() {
  if (packagesAreCurrent()) return;
  try {
    accessSync(root, constants.W_OK);
  } catch {
    fail(
      `cannot write to ${root}: packages have to be installed there. Clone scanfleet into a folder you may write to.`,
    );
  }
  const ci = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  if (!(npm ? run(process.execPath, [npm, ...ci]) : run('npm', ci)))
    fail(
      'the packages could not be installed (see above). The first start needs the npm registry: check the network, then try again.',
    );
}

/** The Node that npm installed, or this one where it is new enough. */
function node24() {
  const installed = join(root, 'node_modules/node/bin/node');
  if (isExecutable(installed)) return installed;
  if (major(process.version) >= NODE_MAJOR) return process.execPath;
  return fail(
    `Node ${NODE_MAJOR} is missing from node_modules: delete that folder and start again (npm must be allowed to run install scripts).`,
  );
}

function installNmap() {
  if (onPath('nmap')) return;
  if (!onPath('apt-get')) fail('nmap is missing: install it (https://nmap.org/download), then start again.');
  if (!isRoot) fail('nmap is missing. Install it, then start again:\n\n  sudo apt-get install -y nmap\n');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', 'nmap'], env);
  // A fresh image has no package lists, an old one stale ones; a machine without network may have nmap in its cache.
  if (!install() && !(run('apt-get', ['update'], env) && install()))
    fail('nmap could not be installed (see above): check the network, or install it by hand, then start again.');
}

/** A Ctrl-C arrives from the terminal and once more from npm: within this time it is one. */
const SAME_SIGNAL_MS = 500;

/**
 * local/main.ts on Node 24. It ends when told, and when the pipe to this process closes: so it never outlives it. Signals reach it only by
 * way of us (it has a group of its own), because the second one makes it end at once.
 */
function handOver(args) {
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(node24(), [join(root, 'local/main.ts'), ...args], { cwd: root, stdio, detached: true });
  child.on('error', (error) => fail(`Node ${NODE_MAJOR} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (signal) => {
    if (performance.now() - toldAt < SAME_SIGNAL_MS) return;
    toldAt = performance.now();
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, tell);
  const npm = npmProcess();
  const watch = () => existsSync(`/proc/${npm}`) || tell('SIGTERM');
  if (npm) setInterval(watch, 1_000).unref();
}

/** The npm that runs us, by way of a shell: killed outright, it cannot tell us. Undefined where there is none, or no /proc to ask. */
function npmProcess() {
  let pid = process.ppid;
  for (let up = 0; up < 3 && existsSync(`/proc/${pid}/stat`); up += 1) {
    const [, name, parent] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    if (name?.startsWith('npm')) return pid;
    pid = Number(parent);
  }
  return undefined;
}

const MODES = { '--dev': 'dev', '--test': 'gate' };
const given = process.argv.slice(2);
const mode = given.find((option) => option in MODES);
if (major(process.version) < 18) fail(`Node 18 or later is needed to start with; this is ${process.version}.`);
installPackages();
installNmap();
handOver([MODES[mode] ?? 'start', ...given.filter((option) => option !== mode)]);
