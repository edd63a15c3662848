/** Names to addresses, by the machine's own resolver. */
import { ADDRCONFIG } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { Resolve } from './prepare.ts';

const TIMEOUT_MS = 15_000;

/** getaddrinfo(3) cannot be called off: whoever waited long enough goes on without an answer. */
export const systemResolve: Resolve = async (name) => {
  const late = AbortSignal.timeout(TIMEOUT_MS);
  const noAnswer = new Promise<[]>((resolve) => late.addEventListener('abort', () => resolve([])));
  const answers = lookup(name, { all: true, hints: ADDRCONFIG }).catch(() => []);
  return (await Promise.race([answers, noAnswer])).map(({ address }) => address);
};
