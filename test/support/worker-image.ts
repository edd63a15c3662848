/** The worker's image, built by buildah (which needs no daemon), and programs in it as Fargate runs them. */
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { findProgram } from '#containers/scan-worker/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const IMAGE = 'localhost/scanfleet-worker:test';

/** What its Dockerfile begins with. */
export const BASE_IMAGES = {
  debian: 'docker.io/library/debian:bookworm-slim',
  node: 'docker.io/library/node:24-bookworm-slim',
} as const;

export const hasImage = (image: string): boolean =>
  spawnSync('buildah', ['inspect', '--type', 'image', image]).status === 0;

/** Why no image can be built here; undefined where one can. */
export function noBuilder(): string | undefined {
  if (findProgram('buildah', process.env.PATH ?? '') === undefined) return 'no buildah on PATH';
  if (process.geteuid?.() !== 0) return 'not root';
  if (!Object.values(BASE_IMAGES).every(hasImage)) return 'no base images: see test/support/base-images.ts';
  return undefined;
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md. */
const Inspected = z.object({
  OCIv1: z.object({
    config: z.object({
      User: z.string(),
      Env: z.array(z.string()),
      Entrypoint: z.array(z.string()),
      Volumes: z.record(z.string(), z.unknown()),
    }),
    history: z.array(z.object({ created_by: z.string().optional() })),
  }),
});

export interface WorkerImage {
  readonly config: z.output<typeof Inspected>['OCIv1']['config'];
  /** The commands that made it. */
  readonly history: readonly string[];
  /** Where its files are. */
  readonly root: string;
  /** Of its files, unpacked. */
  readonly bytes: number;
  close(): void;
}

/** Takes one or two minutes; seconds where nothing changed since the last time, because layers are kept. Rejects with what the build said. */
export async function buildWorkerImage(): Promise<WorkerImage> {
  const how = ['--isolation', 'chroot', '--pull-never', '--format', 'docker', '--layers', '--tag', IMAGE];
  const build = ['bud', ...how, '--file', 'containers/scan-worker/Dockerfile', '.'];
  await promisify(execFile)('buildah', build, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 });
  const run = (file: string, ...args: string[]) => execFileSync(file, args, { encoding: 'utf8' }).trim();
  const { config, history } = Inspected.parse(JSON.parse(run('buildah', 'inspect', '--type', 'image', IMAGE))).OCIv1;
  const container = run('buildah', 'from', '--pull-never', IMAGE);
  const root = run('buildah', 'mount', container);
  return {
    config,
    history: history.map(({ created_by = '' }) => created_by),
    root,
    bytes: Number.parseInt(run('du', '--summarize', '--bytes', '--one-file-system', root), 10),
    close: () => void run('buildah', 'rm', container),
  };
}

/**
 * Mounts of its own, read-only but for the volume; processes of its own, which end with the first; the user of the image and no capability:
 * what infra/constructs/worker-definition.ts asks of Fargate. Only the network is the machine's. setpriv loses its capabilities when it
 * becomes env, so that env, as a container's runtime, has none when it starts the program (setpriv(1), "--reuid").
 */
const ENTER = `set -eu
root=$1 volume=$2 user=$3; shift 3
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$volume" "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot "$root" /usr/bin/setpriv --reuid "\${user%:*}" --regid "\${user#*:}" --clear-groups --bounding-set=-all --inh-caps=-all -- env "$@"`;

export interface Place {
  /** The folder that is /tmp in there. */
  readonly volume: string;
  /** Beside the image's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program in the image; without a command, its entrypoint. SIGKILL ends all of it. */
export function startInImage(
  { config, root }: WorkerImage,
  { volume, env = {} }: Place,
  ...command: string[]
): ChildProcess {
  const apart = ['--mount', '--pid', '--fork', '--kill-child'];
  const enter = ['/bin/sh', '-c', ENTER, 'enter', root, volume, config.User];
  return spawn('unshare', [...apart, ...enter, ...(command.length > 0 ? command : config.Entrypoint)], {
    env: { ...Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s))), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
