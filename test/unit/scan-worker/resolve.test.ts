/** The worker's resolver, against a name server of our own on loopback. */
import { Resolver } from 'node:dns/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareTargets } from '#containers/scan-worker/prepare.ts';
import { addressesIn, resolveBy, systemResolve } from '#containers/scan-worker/resolve.ts';
import { parseTarget } from '#shared/target/parse.ts';
import { expand } from '#shared/target/plan.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { type DnsServer, startDnsServer } from '#test/support/dns-server.ts';

const MANY = Array.from({ length: 60 }, (_, n) => `8.8.4.${n}`);
const ZONE = {
  'www.example.com': [{ addresses: ['8.8.8.8', '2001:4860:4860::8888'] }],
  'four.example.com': [{ addresses: ['8.8.8.8', '8.8.4.4'] }],
  'six.example.com': [{ addresses: ['2001:4860:4860::8844'] }],
  'alias.example.com': [{ through: ['a.cdn.example', 'b.cdn.example', 'c.cdn.example'], addresses: ['8.8.8.8'] }],
  'nowhere.example.com': [{ through: ['a.cdn.example'] }],
  'many.example.com': [{ addresses: MANY }],
  'empty.example.com': [{}],
  'broken.example.com': [{ fails: 'SERVFAIL' as const }],
  'refused.example.com': [{ fails: 'REFUSED' as const }],
  'silent.example.com': [{ fails: 'silence' as const }],
  'half.example.com': [{ addresses: ['8.8.8.8'], fails: 'SERVFAIL' as const, failing: 'AAAA' as const }],
  'half-silent.example.com': [{ addresses: ['2606:4700::1111'], fails: 'silence' as const, failing: 'A' as const }],
  'rebound.example.com': [{ addresses: ['8.8.8.8'] }, { addresses: ['169.254.169.254'] }],
  'inside.example.com': [{ addresses: [...MANY.slice(0, 30), '127.0.0.1', ...MANY.slice(30)] }],
  'inside-six.example.com': [{ addresses: ['8.8.8.8', '2606:4700::1111', '::ffff:10.0.0.1'] }],
  'metadata.example.com': [{ through: ['a.cdn.example'], addresses: ['8.8.8.8', 'fd00:ec2::254'] }],
};

let server: DnsServer;
let dns: Resolver;
beforeAll(async () => {
  server = await startDnsServer(ZONE);
  dns = new Resolver({ timeout: 100, tries: 1 });
  dns.setServers([server.address]);
});
afterAll(() => server[Symbol.asyncDispose]());

const hosts = async (name: string) => addressesIn('127.0.0.5 printer.example office # by hand\n', name);
const resolve = (name: string) => resolveBy({ dns, hosts })(name);

describe('resolving', () => {
  // biome-ignore format: a table reads by column
  it.each([
    ['of both kinds',                    'www.example.com',     ['8.8.8.8', '2001:4860:4860::8888']],
    ['of IPv4 alone',                    'four.example.com',    ['8.8.8.8', '8.8.4.4']],
    ['of IPv6 alone',                    'six.example.com',     ['2001:4860:4860::8844']],
    ['at the end of a chain of names',   'alias.example.com',   ['8.8.8.8']],
    ['of a name with very many',         'many.example.com',    MANY],
  ])('gives every address %s', async (_, name, addresses) => expect(await resolve(name)).toEqual(addresses));

  it.each(['empty', 'unknown', 'nowhere', 'broken', 'refused', 'silent'])(
    'gives none for the name %s.example.com',
    async (name) => expect(await resolve(`${name}.example.com`)).toEqual([]),
  );

  it.each(['half', 'half-silent'])(
    'gives none for %s.example.com, which is answered for one kind alone',
    async (name) => expect(await resolve(`${name}.example.com`)).toEqual([]),
  );

  it('asks anew each time', async () => {
    expect(await resolve('rebound.example.com')).toEqual(['8.8.8.8']);
    expect(await resolve('rebound.example.com')).toEqual(['169.254.169.254']);
  });

  it('takes a name of the hosts file from there, and localhost from nowhere', async () => {
    const before = server.asked.length;
    expect(await resolve('printer.example')).toEqual(['127.0.0.5']);
    expect(await resolve('office')).toEqual(['127.0.0.5']);
    expect(await resolve('app.localhost')).toEqual(['127.0.0.1', '::1']);
    expect(await systemResolve('localhost')).toEqual(['127.0.0.1', '::1']);
    expect(server.asked.slice(before)).toEqual([]);
  });
});

describe('a name of which one address is forbidden', () => {
  it.each([
    ['inside.example.com', '127.0.0.1'],
    ['inside-six.example.com', '::ffff:a00:1'],
    ['metadata.example.com', 'fd00:ec2::254'],
  ])('%s is denied as a whole, for %s', async (name, address) => {
    const units = expand([parseTarget(name), parseTarget('www.example.com')], { from: 0, count: 2 });
    const now = new Date('2026-01-31T12:00:00.000Z');
    const prepared = await prepareTargets({ resolve, policy: readPolicy({}), now }, units);
    expect(prepared.targets.map(({ host }) => host)).toEqual(['www.example.com']);
    expect(prepared.coverage).toMatchObject([{ host: name, address, status: 'denied' }]);
  });
});
