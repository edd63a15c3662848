/**
 * What a task may really scan: names are resolved just before the run, every address is asked of the policy, and the scanner is told the
 * address that was checked, so that a name cannot be bound anew in between. What cannot be scanned is coverage.
 */
import type { CoverageEntry } from '#shared/finding/coverage.ts';
import { formatAddress, parseAddress } from '#shared/target/address.ts';
import type { DeniedTarget } from '#shared/target/denials.ts';
import type { Unit } from '#shared/target/plan.ts';
import { allowedUntil, type Decision, decideAddress, type Policy } from '#shared/target/policy.ts';
import type { ScanTarget } from './scanner.ts';

/** All addresses of a host name; empty when there are none, or no answer in time. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface Prepared {
  readonly targets: readonly ScanTarget[];
  /** One entry for each unit that is not scanned. */
  readonly coverage: readonly CoverageEntry[];
  /** Those of them that the policy denies. */
  readonly denied: readonly DeniedTarget[];
  /** A target that the policy allows at another time. */
  readonly closed?: { readonly host: string; readonly reason: string };
  /** When the policy closes the first of the targets. */
  readonly closesAt?: string;
}

type Denial = Exclude<Decision, { allowed: true }>;
type Answer =
  | { readonly is: 'allowed'; readonly target: ScanTarget; readonly until: string | undefined }
  | { readonly is: 'unresolved'; readonly unit: Unit }
  | { readonly is: 'denied'; readonly unit: Unit; readonly address: string; readonly denial: Denial };

/** `now` is when the policy is asked for. Never rejects for what a name resolves to. */
export async function prepareTargets(
  { resolve, policy, now }: { resolve: Resolve; policy: Policy; now: Date },
  units: Iterable<Unit>,
): Promise<Prepared> {
  const answers = await Promise.all(
    Array.from(units, async (unit) =>
      unit.target.kind === 'upload' ? uploaded(unit) : answerFor(unit, await addressesOf(unit, resolve), policy, now),
    ),
  );
  const closed = answers.find((answer) => answer.is === 'denied' && answer.denial.code === 'window_closed');
  const [closesAt] = answers.flatMap((answer) => (answer.is === 'allowed' ? (answer.until ?? []) : [])).sort();
  return {
    targets: answers.flatMap((answer) => (answer.is === 'allowed' ? [answer.target] : [])),
    coverage: answers.flatMap((answer) => (answer.is === 'allowed' ? [] : [entryOf(answer)])),
    denied: answers.flatMap((answer) => (answer.is === 'denied' ? [deniedTarget(answer)] : [])),
    ...(closed?.is === 'denied' ? { closed: { host: closed.unit.host, reason: closed.denial.reason } } : {}),
    ...(closesAt === undefined ? {} : { closesAt }),
  };
}

/** Nothing is scanned: there is no address, and nothing to allow. */
const uploaded = ({ target: { text } }: Unit): Answer => ({
  is: 'allowed',
  target: { target: text, host: text, address: text },
  until: undefined,
});

/** The name to resolve; undefined where the unit is an address already, or a URL of one. */
const nameOf = ({ target }: Unit): string | undefined =>
  parseAddress(target.host) === undefined ? target.host : undefined;

async function addressesOf(unit: Unit, resolve: Resolve): Promise<readonly string[]> {
  const name = nameOf(unit);
  if (name !== undefined) return (await resolve(name)).map(canonical);
  return [unit.target.kind === 'cidr' ? unit.host : unit.target.host];
}

/** One spelling an address, so that two tasks lock the same host by the same name. */
function canonical(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

/** One denied address denies the target: it could be the one that is asked next time. */
function answerFor(unit: Unit, addresses: readonly string[], policy: Policy, now: Date): Answer {
  const name = nameOf(unit);
  for (const address of addresses) {
    const denial = decideAddress(policy, address, name, now);
    if (!denial.allowed) return { is: 'denied', unit, address, denial };
  }
  const address = preferred(addresses);
  if (address === undefined) return { is: 'unresolved', unit };
  const target = { target: unit.target.text, host: unit.host, address };
  return { is: 'allowed', target, until: allowedUntil(policy, address, name, now) };
}

/** IPv4 where there is one: most networks a worker is in have no way out for IPv6. */
const preferred = (addresses: readonly string[]): string | undefined =>
  addresses.find((address) => !address.includes(':')) ?? addresses[0];

function entryOf(answer: Exclude<Answer, { is: 'allowed' }>): CoverageEntry {
  const about = { target: answer.unit.target.text, host: answer.unit.host };
  if (answer.is === 'unresolved')
    return { ...about, status: 'unresolved', reason: 'no address was found for the name' };
  return { ...about, address: answer.address, status: 'denied', reason: answer.denial.reason };
}

function deniedTarget({ unit, address, denial }: Extract<Answer, { is: 'denied' }>): DeniedTarget {
  const { code, reason } = denial;
  return { target: unit.host, ...(address === unit.host ? {} : { address }), code, reason };
}
