/** The worker's image, built from its Dockerfile, and the worker in it as Fargate would run it: against the embedded emulators, with the real scanners. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '#local/emulators/emulator.ts';
import { startEvents } from '#local/emulators/events.ts';
import { AxeOptions } from '#shared/scanner/axe.ts';
import type { ScannerName, WorkerSize } from '#shared/scanner/definition.ts';
import { GobusterOptions } from '#shared/scanner/gobuster.ts';
import { NmapOptions } from '#shared/scanner/nmap.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';
import { type Fleet, type SubmitChanges, startFleet } from '#test/support/fleet.ts';
import { buildWorkerImage, noBuilder, startInImage, type WorkerImage } from '#test/support/worker-image.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own
const NAME = '${Package}\n';

/** A picture that says nothing to those who do not see it. */
const PAGE = '<!doctype html><html lang="en"><title>t</title><main><h1>t</h1><img src="data:,"></main></html>';

const why = noBuilder();
const title = why === undefined ? 'the worker’s image' : `the worker’s image (skipped: ${why})`;

describe.skipIf(why !== undefined)(title, () => {
  let image: WorkerImage;
  let volume: string;

  beforeAll(async () => {
    image = await buildWorkerImage();
    volume = await mkdtemp(join(tmpdir(), 'scanfleet-image-'));
    const { mode } = await stat(join(image.root, 'tmp'));
    await chmod(volume, mode & 0o7777);
  }, 900_000);
  afterAll(async () => {
    image?.close();
    await rm(volume, { recursive: true, force: true });
  });

  /** Runs a command there; what it wrote to stdout, or to stderr where it wrote nothing. */
  async function run(...command: string[]): Promise<string> {
    const child = startInImage(image, { volume }, ...command);
    const [out, error, [code]] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      once(child, 'exit'),
    ]);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${error}`);
    return out === '' ? error : out;
  }

  it('has less than 700 MB of files', () => {
    process.stdout.write(`the worker’s image: ${Math.round(image.bytes / 1e6)} MB of files\n`);
    expect(image.bytes).toBeLessThan(700e6);
  });

  it('is run by a user who has a number for a name, and who can write to /tmp alone', async () => {
    expect(image.config).toMatchObject({ User: '10001:10001', Volumes: { '/tmp': {} } });
    expect((await run('id', '--user')).trim()).toBe('10001');
    await run('touch', '/tmp/written');
    for (const place of ['/app', '/etc', '/root', '/var/tmp', '/usr/local/bin', '/'])
      await expect(run('touch', `${place}/written`)).rejects.toThrow(/Read-only file system|Permission denied/);
    const becomeOthers = [image.root, '-xdev', '-type', 'f', '-perm', '/6000'];
    expect(spawnSync('find', becomeOthers, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
  });

  it.each([
    [['nmap', '--version'], /^Nmap version 7\./],
    [['gobuster', 'version'], /^3\./],
    [['chromium', '--version'], /^Chromium \d+/],
    [['node', '/app/axe-runner.mjs', '--version'], /^axe-core \d/],
    [['setpriv', '--version'], /^setpriv from util-linux/],
    [['node', '--version'], /^v24\./],
  ])('has %j', async (command, version) => {
    expect(await run(...command)).toMatch(version);
  });

  it('keeps what a node process holds from every other process of its user', async () => {
    expect((await stat(join(image.root, 'usr/local/bin/node'))).mode & 0o7777).toBe(0o711);
    await expect(run('cat', '/usr/local/bin/node')).rejects.toThrow('Permission denied');
    const readParent = 'require("child_process").execFileSync("cat", ["/proc/1/environ"])';
    await expect(run('node', '--eval', readParent)).rejects.toThrow('Permission denied');
  });

  it('holds the worker, what it imports, and nothing else of ours: no key, no setting', async () => {
    expect((await readdir(join(image.root, 'app'))).sort()).toEqual([
      'axe-runner.mjs',
      'entrypoint.sh',
      'main.mjs',
      'node_modules',
      'sbom.cdx.json',
    ]);
    expect(await readdir(join(image.root, 'app/node_modules'))).toEqual(['@axe-core', 'axe-core', 'playwright-core']);
    expect(image.config.Env.map((line) => line.split('=')[0])).toEqual(['PATH', 'NODE_ENV', 'AXE_RUNNER']);
    const secrets = /A[KS]IA[A-Z0-9]{16}|BEGIN [A-Z ]*PRIVATE KEY|_authToken/;
    expect(image.history.join('\n')).not.toMatch(RegExp(`AWS_|${secrets.source}`));
    const places = ['app/main.mjs', 'app/axe-runner.mjs', 'app/entrypoint.sh', 'etc', 'root', 'home', 'opt', 'srv'].map(
      (place) => join(image.root, place),
    );
    const search = spawnSync('grep', ['-rlE', secrets.source, ...places], { encoding: 'utf8' });
    expect(search).toMatchObject({ status: 1, stdout: '' }); // grep(1): no line was found
  });

  it('says what is in it', async () => {
    const bill = JSON.parse(await readFile(join(image.root, 'app/sbom.cdx.json'), 'utf8'));
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    const names = bill.components.map(({ name }: { name: string }) => name);
    const ours = ['node', '@aws-sdk/client-dynamodb', 'zod', 'axe-core', 'playwright-core'];
    expect(names).toEqual(expect.arrayContaining([...ours, 'nmap', 'gobuster', 'chromium-headless-shell', 'libc6']));
    const installed = (await run('dpkg-query', '--show', '--showformat', NAME)).trim().split('\n');
    expect(names).toEqual(expect.arrayContaining(installed));
  });

  describe('the worker in it', () => {
    let fleet: Fleet;
    let server: Server;
    let port: number;
    let bus: Emulator;

    beforeAll(async () => {
      const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = TEST_CREDENTIALS;
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      const credentials = JSON.stringify({ AccessKeyId, SecretAccessKey, Token: '', Expiration });
      const answers = new Map([
        ['/credentials-of-the-role', credentials],
        ['/', PAGE],
        ['/admin', 'hidden'],
      ]);
      server = createServer(({ url = '' }, response) => {
        const answer = answers.get(url);
        response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(answer);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
      bus = await startEvents({
        region: TEST_REGION,
        identities: new Map([[TEST_CREDENTIALS.accessKeyId, TEST_CREDENTIALS]]),
        now: () => new Date(),
        onFault: (error) => {
          throw error;
        },
        bus: 'scanfleet-test',
        deliver: () => undefined,
      });
      fleet = await startFleet();
    });
    afterAll(async () => {
      server?.close();
      await bus?.close();
      await fleet?.close();
    });

    /** Ends when there has been nothing to do for a second. */
    async function work(size: WorkerSize): Promise<void> {
      const { PATH: _, TMPDIR: __, ...environment } = fleet.environment;
      const child = startInImage(image, {
        volume,
        env: {
          ...environment,
          AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials-of-the-role`,
          LIVENESS_FILE: '/tmp/alive',
          SCANFLEET_IDLE_EXIT_SECONDS: '1',
          WORKER_SIZE: size,
        },
      });
      const said = Promise.all([child.stdout, child.stderr].map((stream) => text(stream as NodeJS.ReadableStream)));
      const [code] = await once(child, 'exit');
      expect(code, (await said).join('\n')).toBe(0);
    }

    const site = () => `http://127.0.0.1:${port}/`;
    const scans: [ScannerName, WorkerSize, () => SubmitChanges & { readonly target: string }, object][] = [
      [
        'nmap',
        'small',
        () => ({ target: '127.0.0.1', options: NmapOptions.parse({ ports: String(port) }) }),
        { info: 1 },
      ],
      ['gobuster', 'small', () => ({ target: site(), options: GobusterOptions.parse({}) }), { info: 1 }],
      ['axe', 'large', () => ({ target: site(), options: AxeOptions.parse({}) }), { high: 1 }],
    ];
    it.each(scans)(
      'scans by %s in a %s worker, which shows life and leaves nothing behind',
      async (scanner, size, what, found) => {
        const { target, options = {} } = what();
        const { jobId } = await fleet.submit([target], { scanner, options });
        await rm(join(volume, 'alive'), { force: true });
        await work(size);
        const job = await fleet.jobs.readJob(jobId);
        const nothing = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
        expect(job).toMatchObject({
          status: 'completed',
          summary: { bySeverity: { ...nothing, ...found }, uncovered: 0 },
        });
        expect((await readdir(volume)).filter((name) => /alive|scanfleet/.test(name))).toEqual(['alive']);
        await run('/bin/sh', '-c', 'test -n "$(find /tmp/alive -mmin -1)"'); // what ECS asks for health
      },
    );
  });
});
