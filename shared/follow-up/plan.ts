/** Which of the scans that findings call for are started, and why the others are not. Pure: start-follow-ups does what is decided here. */
import { requestHash } from '../job/request-hash.ts';
import { type Limits, limitVariable } from '../limits.ts';
import { type Availabilities, availabilityOf } from '../scanner/availability.ts';
import { type ScannerRequest, unfitness } from '../scanner/definition.ts';
import { SCANNERS } from '../scanner/index.ts';
import { contains, parseRange } from '../target/address.ts';
import type { DeniedTarget } from '../target/denials.ts';
import { hasClosed, opensLater } from '../target/maintenance-window.ts';
import { uniqueTargets, type WindowedTarget } from '../target/plan.ts';
import { decideTarget, type Policy } from '../target/policy.ts';
import type { Target } from '../target/target.ts';
import { wholeSecondsUntil } from '../time.ts';
import { notStartedCounts, type Refusal } from './not-started.ts';
import type { NotStarted, Tree } from './rule.ts';
import type { WantedScan, WantedScans } from './wanted.ts';

/** What a decision depends on, besides the findings. */
export interface Circumstances {
  readonly now: string;
  /** Of the first job, which is that of its tree. */
  readonly deadlineAt: string;
  /** What the first job scans itself: not to be scanned again, and the only hosts there may be scans of. */
  readonly first: { readonly targets: readonly Target[]; readonly scanners: readonly ScannerRequest[] };
  /** How far the jobs that would start are from the first. */
  readonly depth: number;
  readonly tree: Pick<Tree, 'children'>;
  readonly policy: Policy;
  readonly availability: Availabilities;
  readonly limits: Pick<Limits, 'tasksPerJob' | 'followUpScans' | 'followUpDepth'>;
}

/** One follow-up job: one scanner, with its options, over some targets. */
export interface FollowUpJob {
  readonly scanner: ScannerRequest;
  /** As uniqueTargets gives them. */
  readonly targets: readonly WindowedTarget[];
  /** Their keys. */
  readonly scans: readonly string[];
}

export interface FollowUpPlan {
  readonly jobs: readonly FollowUpJob[];
  readonly notStarted: readonly NotStarted[];
  /** What the target policy denied of it, target by target. */
  readonly denied: readonly DeniedTarget[];
}

/**
 * A scan that the tree has already, with the same options on the same target, is passed over. That ends loops, and it makes deciding
 * again, after whatever broke off, start just what is missing.
 */
export function planFollowUps({ scans, more }: WantedScans, circumstances: Circumstances): FollowUpPlan {
  const { tree, limits, first } = circumstances;
  const there = new Set(tree.children.flatMap((child) => child.scans));
  const isFirst = firstScans(first);
  const refusalOf = refusals(circumstances);
  const notStarted = notStartedCounts();
  const started: WantedScan[] = [];
  const cut: Refusal = {
    code: 'fan_out',
    reason: `a tree of jobs may have ${limits.followUpScans} follow-up scans (${limitVariable('followUpScans')})`,
  };
  for (const scan of scans) {
    if (there.has(scan.key) || isFirst(scan)) continue;
    const isFull = there.size + started.length >= limits.followUpScans;
    const refusal = refusalOf(scan) ?? (isFull ? cut : undefined);
    if (refusal === undefined) started.push(scan);
    else notStarted.add(scan.scanner.name, refusal, scan.target.text);
  }
  for (const [scanner, count] of more) notStarted.addMany(scanner, cut, count);
  return { jobs: jobsOf(started, limits.tasksPerJob), ...notStarted.result() };
}

function firstScans({ targets, scanners }: Circumstances['first']): (scan: WantedScan) => boolean {
  const texts = new Set(targets.map(({ text }) => text));
  const requests = new Set(scanners.map(requestHash));
  return ({ target, scanner }) => texts.has(target.text) && requests.has(requestHash(scanner));
}

/** One job for each scanner and its options, in the order in which they were called for; more where one could not hold them all. */
const jobsOf = (scans: readonly WantedScan[], most: number): FollowUpJob[] =>
  [...Map.groupBy(scans, ({ scanner }) => requestHash(scanner)).values()]
    .flatMap((group) => chunksOf(group, most))
    .map(([first, ...others]) => ({
      scanner: first.scanner,
      targets: uniqueTargets([first, ...others].map(({ target }) => target)),
      scans: [first, ...others].map(({ key }) => key),
    }));

function chunksOf<T>(items: readonly T[], most: number): [T, ...T[]][] {
  const chunks: [T, ...T[]][] = [];
  for (let start = 0; start < items.length; start += most) chunks.push(items.slice(start, start + most) as [T, ...T[]]);
  return chunks;
}

/** Why a scan cannot be started, the first reason there is. */
function refusals(circumstances: Circumstances): (scan: WantedScan) => Refusal | undefined {
  const { now, deadlineAt, first, policy, availability } = circumstances;
  const isInScope = scopeOf(first.targets);
  const ofAll = refusalOfAll(circumstances);
  return ({ scanner, target }) =>
    ofAll ??
    refusalOfScanner(availability, scanner, target) ??
    (isInScope(target) ? undefined : { code: 'out_of_scope', reason: 'the first job names no such host' }) ??
    refusalOfTime(target, now, deadlineAt) ??
    refusalOfPolicy(policy, target, now);
}

function refusalOfScanner(
  availability: Availabilities,
  { name, options }: ScannerRequest,
  target: Target,
): Refusal | undefined {
  const there = availabilityOf(availability, name);
  if (!there.available) return { code: 'unavailable', reason: there.reason };
  const definition = SCANNERS.get(name);
  const reason = definition && unfitness(definition, target, options);
  return reason === undefined ? undefined : { code: 'unfit', reason };
}

const refusalOfTime = (target: WindowedTarget, now: string, deadlineAt: string): Refusal | undefined =>
  hasClosed(target, now) || (opensLater(target, now) ?? now) >= deadlineAt
    ? { code: 'window_closed', reason: 'its maintenance window is over, or opens only after the deadline' }
    : undefined;

/** Asked as at a submit: for the time when its window opens. */
function refusalOfPolicy(policy: Policy, target: WindowedTarget, now: string): Refusal | undefined {
  const decision = decideTarget(policy, target, new Date(opensLater(target, now) ?? now));
  return decision.allowed ? undefined : { code: 'denied', reason: decision.reason, denial: decision.code };
}

function refusalOfAll({ now, deadlineAt, depth, limits }: Circumstances): Refusal | undefined {
  if (wholeSecondsUntil(deadlineAt, now) <= 0)
    return { code: 'deadline', reason: `the deadline of the first job, ${deadlineAt}, has passed` };
  if (depth <= limits.followUpDepth) return undefined;
  const reason = `it would be job ${depth} in a row after the first; allowed: ${limits.followUpDepth} (${limitVariable('followUpDepth')})`;
  return { code: 'depth', reason };
}

/** A finding can name whatever host it likes: only those that the caller named are scanned. */
function scopeOf(targets: readonly Target[]): (target: Target) => boolean {
  const hosts = new Set(targets.map(({ host }) => host));
  const ranges = targets.flatMap(({ kind, text }) => (kind === 'cidr' ? [parseRange(text)] : []));
  return ({ host }) => {
    const address = parseRange(host);
    return hosts.has(host) || ranges.some((range) => range && address && contains(range, address));
  };
}
