/** The script that fetches nuclei into the image, with stand-ins for its releases: what is published is too large for a test, and elsewhere. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '#containers/scan-worker/process.ts';

const missing = ['curl', 'dpkg', 'unzip', 'zip'].filter((name) => !findProgram(name, process.env.PATH ?? ''));
const title = missing.length === 0 ? 'fetch-nuclei.sh' : `fetch-nuclei.sh (skipped: no ${missing.join(', ')} on PATH)`;

describe.skipIf(missing.length > 0)(title, () => {
  let folder: string;
  let server: Server;
  let releases: string;
  const published = new Map<string, Buffer>();
  const asked: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scanfleet-nuclei-'));
    const inside = { cwd: folder };
    await writeFile(join(folder, 'nuclei'), '#!/bin/sh\necho stand-in\n');
    await writeFile(join(folder, 'README.md'), 'not to be unpacked');
    execFileSync('zip', ['-q', 'nuclei.zip', 'nuclei', 'README.md'], inside);
    await mkdir(join(folder, 'nuclei-templates-1/http'), { recursive: true });
    await writeFile(join(folder, 'nuclei-templates-1/http/one.yaml'), 'id: one\n');
    execFileSync('tar', ['-czf', 'templates.tar.gz', 'nuclei-templates-1'], inside);
    published.set('.zip', await readFile(join(folder, 'nuclei.zip')));
    published.set('.gz', await readFile(join(folder, 'templates.tar.gz')));
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.end(published.get(url.slice(url.lastIndexOf('.'))));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  const fetched = () => join(folder, 'fetched');
  const fetchInto = (root: string, script: string) =>
    promisify(execFile)('sh', ['-c', script, 'fetch-nuclei.sh', join(folder, root), fetched(), releases]);
  const script = () => readFile('containers/scan-worker/fetch-nuclei.sh', 'utf8');
  const sha256 = (extension: string) =>
    createHash('sha256')
      .update(published.get(extension) ?? '')
      .digest('hex');

  it('refuses what has not the checksum that was written down for it', async () => {
    await expect(fetchInto('refused', await script())).rejects.toThrow('1 computed checksum did NOT match');
    await expect(readFile(join(folder, 'refused/usr/local/bin/nuclei'))).rejects.toThrow('ENOENT');
    await expect(readFile(fetched())).rejects.toThrow('ENOENT');
    expect(asked).toEqual([
      expect.stringMatching(/^\/nuclei\/releases\/download\/v3\.11\.1\/nuclei_3\.11\.1_linux_\w+\.zip$/),
    ]);
  });

  it('unpacks the program and the templates where the worker looks for them, and says what they were', async () => {
    const known = (await script())
      .replaceAll(/nuclei_sha256=[0-9a-f]{64}/g, `nuclei_sha256=${sha256('.zip')}`)
      .replace(/templates_sha256=[0-9a-f]{64}/, `templates_sha256=${sha256('.gz')}`);
    await fetchInto('root', known);
    expect(execFileSync(join(folder, 'root/usr/local/bin/nuclei'), { encoding: 'utf8' })).toBe('stand-in\n');
    expect(await readFile(join(folder, 'root/opt/nuclei-templates/http/one.yaml'), 'utf8')).toBe('id: one\n');
    expect(asked).toContain('/nuclei-templates/archive/refs/tags/v10.5.0.tar.gz');
    expect(await readFile(fetched(), 'utf8')).toBe(
      `nuclei 3.11.1 ${sha256('.zip')}\nnuclei-templates 10.5.0 ${sha256('.gz')}\n`,
    );
  });
});
