/**
 * Makes the two images that the worker's image is built on where no registry can be reached: `node test/support/base-images.ts`. Needs
 * root, buildah, debootstrap and a mirror of Debian. Where Docker Hub answers, its own are pulled. Those that are there stay as they are.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_IMAGES, hasImage } from './worker-image.ts';

const MIRROR = 'http://deb.debian.org';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** What debian:bookworm-slim leaves out (https://github.com/debuerreotype/debuerreotype, scripts/.slimify-excludes), but for the licences. */
const LEFT_OUT = ['doc', 'info', 'lintian/overrides', 'locale', 'man'].map((folder) => `usr/share/${folder}`);

const run = (file: string, ...args: string[]) => execFileSync(file, args, { stdio: ['ignore', 2, 2] });
const buildah = (...args: string[]) => execFileSync('buildah', args, { encoding: 'utf8' }).trim();
const pulls = (image: string) =>
  spawnSync('buildah', ['pull', '--quiet', image], { stdio: 'ignore', timeout: 300_000 }).status === 0;

/** Keeps as `image` what `fill` makes of the root file system of `base`. */
function make(image: string, base: string, env: readonly string[], fill: (root: string) => void): void {
  if (hasImage(image) || pulls(image)) return;
  const container = buildah('from', '--pull-never', base);
  try {
    fill(buildah('mount', container));
    run('buildah', 'config', ...env.flatMap((variable) => ['--env', variable]), container);
    run('buildah', 'commit', '--quiet', '--format', 'docker', container, image);
  } finally {
    run('buildah', 'rm', container);
  }
}

function debian(root: string): void {
  run('debootstrap', '--variant=minbase', 'bookworm', root, `${MIRROR}/debian`);
  const suites = ['debian bookworm', 'debian bookworm-updates', 'debian-security bookworm-security'];
  writeFileSync(join(root, 'etc/apt/sources.list'), suites.map((suite) => `deb ${MIRROR}/${suite} main\n`).join(''));
  const excluded = LEFT_OUT.map((folder) => `path-exclude /${folder}/*\n`).join('');
  writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/docker'), `${excluded}path-include /usr/share/doc/*/copyright\n`);
  const emptied = [...LEFT_OUT, 'var/lib/apt/lists', 'var/cache/apt'].map((folder) => join(root, folder));
  run('find', ...emptied, '-type', 'f', '!', '-name', 'copyright', '-delete');
}

/** As https://github.com/nodejs/docker-node makes it, as far as a build needs it. It trusts whom this machine trusts, for npm's sake. */
function node(root: string): void {
  cpSync(CERTIFICATES, join(root, CERTIFICATES));
  cpSync(process.execPath, join(root, 'usr/local/bin/node'));
  run('npm', 'install', '--global', '--no-audit', '--no-fund', '--prefix', join(root, 'usr/local'), 'npm@11');
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
make(BASE_IMAGES.debian, 'scratch', [path], debian);
make(BASE_IMAGES.node, BASE_IMAGES.debian, [path, `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`], node);
