import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRequest } from '#cli/submit-request.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-submit-'));
});
afterEach(() => rm(folder, { recursive: true }));

const reading = (stdin = '') => ({
  stdin: new PassThrough().end(stdin),
  signal: new AbortController().signal,
});
const nmap = { scanner: [{ name: 'nmap', options: { ports: '80' } }] } as const;

describe('readRequest', () => {
  it('makes the body of arguments and options, and leaves out what was not given', async () => {
    const options = {
      ...nmap,
      name: 'weekly',
      label: { ticket: 'SEC-7' },
      priority: 'high',
      deadline: 90,
      notAfter: '2026-01-31T12:00:00.000Z',
    } as const;
    expect(await readRequest(reading(), ['127.0.0.1', '::1'], options)).toEqual({
      targets: ['127.0.0.1', '::1'],
      scanners: [{ name: 'nmap', options: { ports: '80' } }],
      name: 'weekly',
      labels: { ticket: 'SEC-7' },
      priority: 'high',
      deadlineSeconds: 90,
      window: { notAfter: '2026-01-31T12:00:00.000Z' },
    });
  });

  it('reads targets one a line, without comments and blank lines, after those of the command line', async () => {
    const text = '# hosts\r\n203.0.113.7\r\n\r\n  https://app.example/#top  # the shop\n198.51.100.0/28';
    expect(await readRequest(reading(text), ['127.0.0.1'], { ...nmap, targetsFile: '-' })).toMatchObject({
      targets: ['127.0.0.1', '203.0.113.7', 'https://app.example/#top', '198.51.100.0/28'],
    });
  });

  it('reads the whole body from a file; options stand before it', async () => {
    const path = join(folder, 'job.json');
    await writeFile(path, '{"targets":["a.example"],"scanners":[{"name":"nmap"}],"name":"old","profile":"full"}');
    expect(await readRequest(reading(), [], { file: path, name: 'new' })).toEqual({
      targets: ['a.example'],
      scanners: [{ name: 'nmap' }],
      name: 'new',
      profile: 'full',
    });
  });

  it('passes fields it does not know to the service, which names them', async () => {
    const text = '{"targets":["a.example"],"scanners":[],"nmae":"x"}';
    expect(await readRequest(reading(text), [], { file: '-' })).toMatchObject({ nmae: 'x', scanners: [] });
  });

  it.each([
    ['no targets', [], nmap, 'targets', 'are missing'],
    ['no scanner', ['a.example'], {}, '--scanner', 'is missing'],
    ['stdin for two', [], { file: '-', targetsFile: '-' }, '--targets-file', 'cannot both be read'],
    ['a body that is no object', [], { file: '-' }, '--file', 'one JSON object'],
    [
      'a file that is not there',
      [],
      { ...nmap, targetsFile: '/no/such/file' },
      '--targets-file',
      'cannot be read: ENOENT',
    ],
  ])('refuses %s', async (_, targets, options, field, message) => {
    await expect(readRequest(reading('[]'), targets, options)).rejects.toMatchObject({
      errors: [{ field, message: expect.stringContaining(message) }],
    });
  });

  it('reads no more of a file than a request can hold', async () => {
    const path = join(folder, 'targets.txt');
    await writeFile(path, '127.0.0.1\n'.repeat(110_000));
    await expect(readRequest(reading(), [], { ...nmap, targetsFile: path })).rejects.toMatchObject({
      errors: [{ field: '--targets-file', message: 'holds more than 1048576 bytes' }],
    });
  });
});
