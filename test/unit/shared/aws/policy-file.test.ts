import { describe, expect, it } from 'vitest';
import { policyFile } from '#shared/aws/policy-file.ts';
import { NotFoundError, UnavailableError } from '#shared/errors.ts';

/** A bucket of one file, which counts its reads; `undefined` is absent, an Error is thrown. */
function bucket(file: string | Uint8Array | Error | undefined) {
  const state = { file, reads: [] as string[] };
  async function* read(key: string) {
    state.reads.push(key);
    if (state.file === undefined) throw new NotFoundError('object_missing', 'absent');
    if (state.file instanceof Error) throw state.file;
    const bytes = typeof state.file === 'string' ? new TextEncoder().encode(state.file) : state.file;
    for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
  }
  return Object.assign(state, { results: { read } });
}

function policyOver(file: string | Uint8Array | Error | undefined, loopback?: 'allow' | 'deny') {
  const store = bucket(file);
  const clock = { at: Date.parse('2026-11-21T12:00:00.000Z') };
  const policy = policyFile({
    results: store.results,
    now: () => new Date(clock.at),
    ...(loopback ? { loopback } : {}),
  });
  return { store, clock, policy };
}

const UNREADABLE = expect.objectContaining({ name: 'UnavailableError', code: 'policy_unreadable', retryable: true });

describe('policyFile', () => {
  it('reads config/policy.yaml', async () => {
    const { store, policy } = policyOver('default: deny\nallow:\n  - { domain: .example.com, reason: ours }\n');
    expect(await policy()).toMatchObject({
      default: 'deny',
      allow: [{ domain: { name: 'example.com', below: true } }],
      loopback: 'deny',
    });
    expect(store.reads).toEqual(['config/policy.yaml']);
  });

  const DEFAULT = { default: 'allow', allow: [], deny: [], loopback: 'deny' };
  it('is the default policy without a file', async () => {
    expect(await policyOver(undefined).policy()).toEqual(DEFAULT);
  });

  // printf '' | sha256sum; printf '# nothing yet\n' | sha256sum
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['# nothing yet\n', '4a0a00726d6238bf9b271d83cc550d961f8264800a5e4edbadfb6fed2d55e2d6'],
  ])('is the default policy for %j, and says which file it was', async (file, fileSha256) => {
    expect(await policyOver(file).policy()).toEqual({ ...DEFAULT, fileSha256 });
  });

  it('takes the loopback setting from its caller, never from the file', async () => {
    expect((await policyOver(undefined, 'allow').policy()).loopback).toBe('allow');
    await expect(policyOver('loopback: allow').policy()).rejects.toEqual(UNREADABLE);
  });

  it('reads it again after 60 seconds, and not before', async () => {
    const { store, clock, policy } = policyOver('default: deny');
    await Promise.all([policy(), policy()]);
    store.file = 'default: allow';
    clock.at += 59_999;
    expect((await policy()).default).toBe('deny');
    expect(store.reads).toHaveLength(1);
    clock.at += 1;
    expect((await policy()).default).toBe('allow');
    expect(store.reads).toHaveLength(2);
  });

  // biome-ignore format: a table reads by column
  it.each<[string, string | Uint8Array | Error]>([
    ['is not YAML',              'allow: [\n'],
    ['names a field twice',      'default: deny\ndefault: allow\n'],
    ['has a misspelt field',     'defualt: deny\n'],
    ['has a bad rule',           'allow:\n  - { cidr: 10.0.0.1/8, reason: x }\n'],
    ['is not text',              new Uint8Array([0xff, 0xfe, 0x00])],
    ['grows without end',        `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`],
    ['is larger than a megabyte', `# ${'x'.repeat(1_048_576)}`],
    ['cannot be read',           new UnavailableError('storage_unavailable', 'S3 did not answer')],
  ])('fails closed when the file %s', async (_, file) => {
    await expect(policyOver(file).policy()).rejects.toEqual(UNREADABLE);
  });

  it('says what is wrong in the file, and keeps the cause', async () => {
    await expect(policyOver('allow:\n  - { cidr: 10.0.0.1/8, reason: x }\n').policy()).rejects.toMatchObject({
      message:
        'the target policy config/policy.yaml cannot be used: allow.0.cidr must be an address or a CIDR without host bits, as in 10.20.0.0/16',
      cause: { name: 'ValidationError' },
    });
  });

  it('counts a mended file at once', async () => {
    const { store, policy } = policyOver('nonsense');
    await expect(policy()).rejects.toEqual(UNREADABLE);
    store.file = 'default: deny';
    expect((await policy()).default).toBe('deny');
  });

  it('does not go on with an old policy when the file turned bad', async () => {
    const { store, clock, policy } = policyOver('default: allow');
    await policy();
    store.file = 'nonsense';
    clock.at += 60_000;
    await expect(policy()).rejects.toEqual(UNREADABLE);
  });
});
