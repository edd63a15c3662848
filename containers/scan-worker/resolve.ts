/**
 * Names to addresses: the machine's hosts file, then its name servers, as most machines do it (nsswitch.conf(5), `hosts: files dns`). Not by
 * getaddrinfo(3), which holds up a thread for each name that nobody answers for, cannot be called off, and adds search domains.
 */
import { type Resolver, Resolver as SystemResolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { Resolve } from './prepare.ts';

/** Of one question to one server, the first time; twice as long the second. */
const TIMEOUT_MS = 3_000;
const TRIES = 2;

/** No such name, or none of the kind asked for: an answer too. */
const NO_ADDRESS = new Set(['ENOTFOUND', 'ENODATA']);

/** RFC 6761, 6.3: these names need no name server. */
const LOCALHOST = /(?:^|\.)localhost$/;
const LOOPBACK = ['127.0.0.1', '::1'];

export interface NameSources {
  readonly dns: Pick<Resolver, 'resolve4' | 'resolve6'>;
  /** Addresses of a name in the hosts file; undefined where it has none. */
  readonly hosts: (name: string) => Promise<readonly string[] | undefined>;
}

/** Half an answer is none: the address that was not told could be one that the policy denies. */
export const resolveBy =
  ({ dns, hosts }: NameSources): Resolve =>
  async (name) => {
    if (LOCALHOST.test(name)) return LOOPBACK;
    const known = await hosts(name);
    if (known !== undefined) return known;
    const answers = [dns.resolve4(name), dns.resolve6(name)].map((answer) => answer.catch(noAddress));
    return Promise.all(answers).then(
      (families) => families.flat(),
      () => [],
    );
  };

function noAddress(error: NodeJS.ErrnoException): [] {
  if (NO_ADDRESS.has(error.code ?? '')) return [];
  throw error;
}

/** What a hosts file (hosts(5)) says of a name. */
export function addressesIn(file: string, name: string): readonly string[] | undefined {
  const entries = file.split('\n').map((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/));
  const addresses = entries.flatMap(([address = '', ...names]) => (names.includes(name) ? [address] : []));
  return addresses.length === 0 ? undefined : addresses;
}

export const systemResolve: Resolve = resolveBy({
  dns: new SystemResolver({ timeout: TIMEOUT_MS, tries: TRIES }),
  hosts: async (name) => addressesIn(await readFile('/etc/hosts', 'utf8').catch(() => ''), name),
});
