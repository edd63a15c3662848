import { describe, expect, it } from 'vitest';
import { prepareTargets } from '#containers/scan-worker/prepare.ts';
import { parseTarget } from '#shared/target/parse.ts';
import { expand } from '#shared/target/plan.ts';
import { readPolicy } from '#shared/target/policy.ts';

const now = new Date('2026-01-31T12:00:00.000Z');
const NAMES: Record<string, string[]> = {
  'www.example.com': ['2001:4860:4860::8888', '8.8.8.8'],
  'six.example.com': ['2001:4860:4860:0:0:0:0:8888'],
  'inside.example.com': ['8.8.8.8', '10.0.0.7'],
  'gone.example.com': [],
};

function prepare(targets: string[], document: unknown = {}) {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    return NAMES[name] ?? [];
  };
  const parsed = targets.map(parseTarget);
  const units = expand(parsed, { from: 0, count: 100 });
  return prepareTargets({ resolve, policy: readPolicy(document), now }, units).then((prepared) => ({
    ...prepared,
    asked,
  }));
}

describe('preparing targets', () => {
  it('pins a name to an address that was checked, IPv4 where there is one', async () => {
    const { targets, coverage } = await prepare(['www.example.com', 'six.example.com']);
    expect(targets).toEqual([
      { target: 'www.example.com', host: 'www.example.com', address: '8.8.8.8' },
      { target: 'six.example.com', host: 'six.example.com', address: '2001:4860:4860::8888' },
    ]);
    expect(coverage).toEqual([]);
  });

  it('takes an upload as it is, and asks nobody about it', async () => {
    const text = 'upload:019a0000-0000-7000-8000-00000000abcd';
    const { targets, coverage, asked } = await prepare([text], { default: 'deny' });
    expect(targets).toEqual([{ target: text, host: text, address: text }]);
    expect([coverage, asked]).toEqual([[], []]);
  });

  it('resolves the host of a URL and keeps the URL', async () => {
    const { targets } = await prepare(['https://www.example.com/login']);
    expect(targets).toEqual([
      { target: 'https://www.example.com/login', host: 'https://www.example.com/login', address: '8.8.8.8' },
    ]);
  });

  it('takes addresses as they are, each of a network for itself', async () => {
    const { targets, asked } = await prepare(['8.8.4.4', '8.8.8.0/31', 'http://[2001:4860:4860::8844]/']);
    expect(targets).toEqual([
      { target: '8.8.4.4', host: '8.8.4.4', address: '8.8.4.4' },
      { target: '8.8.8.0/31', host: '8.8.8.0', address: '8.8.8.0' },
      { target: '8.8.8.0/31', host: '8.8.8.1', address: '8.8.8.1' },
      {
        target: 'http://[2001:4860:4860::8844]/',
        host: 'http://[2001:4860:4860::8844]/',
        address: '2001:4860:4860::8844',
      },
    ]);
    expect(asked).toEqual([]);
  });

  it('scans no name of which one address is denied, and says so', async () => {
    const { targets, coverage, denied } = await prepare(['inside.example.com']);
    expect(targets).toEqual([]);
    expect(coverage).toEqual([
      {
        target: 'inside.example.com',
        host: 'inside.example.com',
        address: '10.0.0.7',
        status: 'denied',
        reason: expect.stringMatching(/private/),
      },
    ]);
    expect(denied).toEqual([
      {
        target: 'inside.example.com',
        address: '10.0.0.7',
        code: 'special_range',
        reason: expect.stringMatching(/private/),
      },
    ]);
  });

  it('reports a name without an address as unresolved, and still scans the others', async () => {
    const { targets, coverage } = await prepare(['gone.example.com', 'www.example.com']);
    expect(targets.map(({ host }) => host)).toEqual(['www.example.com']);
    expect(coverage).toMatchObject([{ host: 'gone.example.com', status: 'unresolved' }]);
  });

  it('denies what the policy denies by name', async () => {
    const deny = [{ domain: '.example.com', reason: 'not ours' }];
    const { coverage } = await prepare(['www.example.com'], { deny });
    expect(coverage).toMatchObject([{ status: 'denied', reason: 'not ours' }]);
  });

  it('names a target that the policy opens at another time', async () => {
    const allow = [{ cidr: '8.8.8.8/32', window: { notBefore: '20:00', notAfter: '22:00' }, reason: 'evenings' }];
    const { closed } = await prepare(['www.example.com'], {
      default: 'deny',
      allow: [...allow, { cidr: '2001:4860::/32', reason: 'six' }],
    });
    expect(closed?.host).toBe('www.example.com');
  });

  it('says when the policy closes the first of the targets', async () => {
    const until = (cidr: string, notAfter: string) => ({
      cidr,
      window: { notBefore: '08:00', notAfter },
      reason: 'day',
    });
    const document = { default: 'deny', allow: [until('8.8.8.0/24', '20:00'), until('8.8.4.0/24', '18:00')] };
    expect(await prepare(['8.8.8.8', '8.8.4.4'], document)).toMatchObject({ closesAt: '2026-01-31T18:01:00.000Z' });
    expect(await prepare(['8.8.8.8'])).not.toHaveProperty('closesAt');
  });
});
