/** What must hold of the records after every step, whatever happened, and what must hold once all is quiet. Reads the table, not the store. */
import { isDeepStrictEqual } from 'node:util';
import { jobKey, quotaKey, tenantPartition } from '#shared/aws/table.ts';
import type { Status } from '#shared/status.ts';
import type { Task } from '#shared/task/task.ts';
import { type JobWorld, WORLD_LIMITS } from './job-world.ts';
import type { Item } from './record-view.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** What was seen of a job or task at the last look: terminal jobs rest, attempts rise. */
export type Seen = Map<string, Item>;

interface Records {
  readonly jobId: string;
  readonly job: Item | undefined;
  readonly tasks: readonly Item[];
  readonly events: readonly Item[];
}

const TERMINAL = ['completed', 'failed', 'timed_out', 'cancelled'];
const HELD = ['running', 'cancelling'];
const number = (item: Item | undefined, name: string): number => Number(item?.[name] ?? 0);
const sum = (items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
const findingsOf = (task: Item): number => (task as { result?: { findings: number } }).result?.findings ?? 0;
const isOpen = ({ status }: Item): boolean => !TERMINAL.includes(String(status)) && status !== 'deleted';

const hasExpired = ({ expiresAtEpochSeconds }: Item, now: Date): boolean =>
  typeof expiresAtEpochSeconds === 'number' && expiresAtEpochSeconds * 1000 <= now.getTime();

/** The partitions in which something can be wrong. */
const partitionsOf = ({ tenantOf, tenants }: JobWorld): string[] => [
  ...[...tenantOf.keys()].map((jobId) => jobKey(jobId).pk),
  ...tenants.map(tenantPartition),
];

function recordsOf({ records }: JobWorld, jobId: string): Records {
  const items = records.of(jobKey(jobId).pk);
  const startingWith = (prefix: string) => items.filter(({ sk }) => String(sk).startsWith(prefix));
  return {
    jobId,
    job: items.find(({ sk }) => sk === 'JOB'),
    tasks: startingWith('TASK#'),
    events: startingWith('EVENT#'),
  };
}

const jobsOf = (records: readonly Records[], world: JobWorld, tenant: string): Item[] =>
  records
    .filter(({ jobId }) => world.tenantOf.get(jobId) === tenant)
    .flatMap(({ job }) => (job === undefined ? [] : [job]));

/** Everything that is wrong, in words. */
export async function wrongNow(world: JobWorld, seen: Seen): Promise<string[]> {
  await world.records.look(partitionsOf(world));
  const records = [...world.tenantOf.keys()].map((jobId) => recordsOf(world, jobId));
  const wrong = [...world.violations];
  for (const record of records) {
    // What lands late of a deleted job's submit is nobody's, and expires.
    if (record.job?.status !== 'deleted')
      wrong.push(...record.tasks.flatMap((task) => wrongWithTask(record.jobId, task, seen, world)));
    wrong.push(...wrongWithJob(record, seen));
  }
  for (const tenant of world.tenants) {
    const jobs = jobsOf(records, world, tenant);
    const items = world.records.of(tenantPartition(tenant));
    wrong.push(
      ...wrongWithQuota(
        jobs,
        items.find(({ sk }) => sk === quotaKey(tenant).sk),
      ),
    );
    wrong.push(...wrongWithDeadLetters(records, tenant, items));
    wrong.push(...wrongDays(jobs, items));
  }
  wrong.push(...wrongWithHosts(world, records));
  return wrong;
}

/** Attempts only rise, and each that is over shows when and why: who claims what somebody holds leaves a gap. */
function wrongWithTask(jobId: string, task: Item, seen: Seen, { metBusyHost }: JobWorld): string[] {
  const before = seen.get(`${task.pk} ${task.sk}`);
  seen.set(`${task.pk} ${task.sk}`, task);
  const { attempt, status, claims } = task as unknown as Task;
  const taskId = String(task.sk).slice('TASK#'.length);
  const over = Array.from({ length: HELD.includes(status) ? attempt - 1 : attempt }, (_, at) => at + 1);
  const recorded = over.filter(
    (one) => !metBusyHost.has(`${jobId} ${taskId} ${one}`) || claims.some((claim) => claim.attempt === one),
  );
  const rules: [string, boolean][] = [
    [`its attempt fell from ${before?.attempt} to ${attempt}`, attempt >= number(before, 'attempt')],
    [
      `its claims are ${claims.map((claim) => claim.attempt)}, not ${recorded}`,
      isDeepStrictEqual(
        claims.map((claim) => claim.attempt),
        recorded,
      ),
    ],
    [
      'a claim that is over does not say why',
      claims.every(({ endedAt, why }) => endedAt !== undefined && why !== undefined),
    ],
  ];
  return broken(rules).map((what) => `${jobId} task ${taskId}: ${what}`);
}

function wrongWithJob({ jobId, job, tasks }: Records, seen: Seen): string[] {
  const wrong: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (actual !== expected)
      wrong.push(`${jobId} (${job?.status}, round ${job?.round}): ${what} is ${actual}, not ${expected}`);
  };
  if (job === undefined || job.status === 'deleted') {
    expect('tasks on the queue or held', tasks.filter(({ checkAt }) => checkAt !== undefined).length, 0);
    return wrong;
  }
  // As long as all of them can be seen: a job's own record outlives none of its tasks.
  expect('tasks', tasks.length, job.taskCount);
  const inRound = (task: Item): Status =>
    (number(task, 'round') < number(job, 'round') && task.status !== 'completed' ? 'queued' : task.status) as Status;
  const ended = (status: Status) => tasks.filter((task) => inRound(task) === status);
  expect('openCount', job.openCount, tasks.filter((task) => !TERMINAL.includes(inRound(task))).length);
  expect('live', job.live, isOpen(job) ? tasks.filter(({ checkAt }) => checkAt !== undefined).length : 0);
  expect('tasks on the queue or held', tasks.filter(({ checkAt }) => checkAt !== undefined).length, job.live);
  expect('live <= slots', number(job, 'live') <= number(job, 'slots'), true);
  expect('nCompleted', job.nCompleted, ended('completed').length);
  expect('nFailed', job.nFailed, ended('failed').length);
  expect('nTimedOut', job.nTimedOut, ended('timed_out').length);
  expect('nCancelled', job.nCancelled, ended('cancelled').length);
  expect('findings', job.findings, sum(ended('completed'), findingsOf));
  expect(
    'partialFindings',
    job.partialFindings,
    sum([...ended('failed'), ...ended('timed_out'), ...ended('cancelled')], findingsOf),
  );
  for (const part of ['workerMs', 'storedBytes', 'costNanoUsd']) wrong.push(...wrongAccount(job, tasks, part, seen));
  expect('told the day no more than it cost', number(job, 'toldNanoUsd') <= number(job, 'costNanoUsd'), true);
  expect('in the index', 'checkShard' in job, 'checkAt' in job);
  expect('in the index of its state', job.tenantStatus, `${job.tenant}#${job.status}`);
  if (isOpen(job)) expect('in the index', 'checkAt' in job, true);
  else expect('open tasks of a job that has ended', job.openCount, 0);
  wrong.push(...changedAtRest(job, seen));
  return wrong;
}

/** What a job's tasks used in this round, as far as they have ended, came to what it had used by the end of the last one. */
function wrongAccount(job: Item, tasks: readonly Item[], part: string, seen: Seen): string[] {
  const before = seen.get(String(job.pk));
  const base = `${job.pk} ${job.round} ${part}`;
  if (before === undefined || (before.round !== job.round && !isOpen(before)))
    seen.set(base, { used: before?.[part] ?? 0 });
  const known = seen.get(base);
  // A round that began in the middle of a step: what it began with was not seen.
  if (known === undefined) return [];
  const ended = tasks.filter(({ round, status }) => round === job.round && TERMINAL.includes(String(status)));
  const expected = number(known, 'used') + sum(ended, (task) => number(task, part));
  return job[part] === expected ? [] : [`${job.pk} (round ${job.round}): ${part} is ${job[part]}, not ${expected}`];
}

/** A terminal job changes only by being announced, signed, retried or deleted. */
function changedAtRest(job: Item, seen: Seen): string[] {
  const before = seen.get(String(job.pk));
  seen.set(String(job.pk), job);
  if (before === undefined || isOpen(before) || before.round !== job.round) return [];
  const changed = Object.keys(before).filter(
    (name) =>
      !['announcements', 'checkAt', 'checkShard', 'signatureDue'].includes(name) &&
      !isDeepStrictEqual(before[name], job[name]),
  );
  return changed.map(
    (name) =>
      `${job.pk}: ${name} changed after its end from ${JSON.stringify(before[name])} to ${JSON.stringify(job[name])}`,
  );
}

/** Of every task that was given up there is a letter. Letters without such a task are left from before a retry, and shown to nobody. */
function wrongWithDeadLetters(records: readonly Records[], tenant: string, items: readonly Item[]): string[] {
  const letters = new Set(items.map(({ sk }) => sk));
  return records
    .flatMap(({ jobId, tasks }) =>
      tasks.map((task) => ({ ...task, letter: `DEAD#${task.deadLetteredAt}#${jobId}#${task.taskId}` })),
    )
    .filter((task: Item) => task.tenant === tenant && task.deadLetteredAt !== undefined && !letters.has(task.letter))
    .map((task: Item) => `${task.pk} ${task.sk}: it was given up without a letter`);
}

/** Whatever a job says that it told, the days know, and nothing else. */
function wrongDays(jobs: readonly Item[], items: readonly Item[]): string[] {
  const days = sum(
    items.filter(({ sk }) => String(sk).startsWith('BUDGET#')),
    (day) => number(day, 'costNanoUsd'),
  );
  const told = sum(jobs, (job) => number(job, 'toldNanoUsd'));
  return days === told ? [] : [`the days know of ${days} spent, the jobs told ${told}`];
}

function wrongWithQuota(jobs: readonly Item[], quota: Item | undefined): string[] {
  const open = jobs.filter(isOpen);
  const lent = number(quota, 'lent');
  const rules: [string, boolean][] = [
    [`activeJobs is ${quota?.activeJobs} with ${open.length} open jobs`, number(quota, 'activeJobs') === open.length],
    [`${open.length} jobs are open at once`, open.length <= WORLD_LIMITS.quotaJobs],
    [
      `lent is ${lent} and the slots are ${sum(jobs, (job) => number(job, 'slots'))}`,
      lent === sum(jobs, (job) => number(job, 'slots')),
    ],
    [`${lent} slots are lent to ${open.length} jobs`, lent <= WORLD_LIMITS.windowTasks + open.length],
  ];
  return broken(rules);
}

/** Of those that scan a host, one at most still holds its task. */
function wrongWithHosts(world: JobWorld, records: readonly Records[]): string[] {
  const task = (jobId: string, taskId: string) =>
    records.find((record) => record.jobId === jobId)?.tasks.find(({ sk }) => sk === `TASK#${taskId}`);
  const scanning = world.holders.filter(({ held }) => {
    const stored = task(held.jobId, held.taskId);
    return stored !== undefined && HELD.includes(String(stored.status)) && stored.attempt === held.attempt;
  });
  const hosts = scanning.flatMap((holder) => holder.hosts);
  return hosts.filter((host, at) => hosts.indexOf(host) < at).map((host) => `two tasks scan ${host}`);
}

/** What is wrong although nothing happens any more, right after a look at what is wrong now. */
export async function wrongAtRest(under: StoreUnderTest, world: JobWorld): Promise<string[]> {
  const records = [...world.tenantOf.keys()].map((jobId) => recordsOf(world, jobId));
  const wrong = records.flatMap(({ jobId, job, events }) => {
    if (job === undefined || hasExpired(job, under.now())) return [];
    const rules: [string, boolean][] = [
      ['is still in the index', !('checkShard' in job)],
      ['is open for ever', !isOpen(job)],
    ];
    return [
      ...broken(rules).map((what) => `${jobId} ${what}`),
      ...(job.status === 'deleted' ? [] : wrongEnd(job, events, world)),
    ];
  });
  for (const tenant of world.tenants) wrong.push(...wrongStatistics(world, tenant, jobsOf(records, world, tenant)));
  return [...wrong, ...(await overlooked(under, world))];
}

function wrongEnd(job: Item, events: readonly Item[], { announced }: JobWorld): string[] {
  const { jobId, round, status, stopReason } = job;
  const rules: [string, boolean][] = [
    [`nobody announced that ${jobId} is ${status}`, announced.includes(`${jobId} ${round} ${status}`)],
    [`${jobId} cost ${job.costNanoUsd} and told ${job.toldNanoUsd}`, job.toldNanoUsd === job.costNanoUsd],
    [`${jobId} was stopped by ${stopReason} and is ${status}`, (stopReason === 'cancel') === (status === 'cancelled')],
  ];
  return [...broken(rules), ...wrongHistory(job, events)];
}

/** What those rules say that do not hold. */
const broken = (rules: readonly [what: string, holds: boolean][]): string[] =>
  rules.filter(([, holds]) => !holds).map(([what]) => what);

function wrongHistory(job: Item, events: readonly Item[]): string[] {
  const states = events.map(({ from, to }) => [from, to] as const);
  const chain = ['queued', ...states.map(([, to]) => to)];
  const isBroken = states.some(([from], at) => from !== chain[at]) || chain.at(-1) !== job.status;
  return isBroken ? [`the history of ${job.pk} is ${JSON.stringify(states)}, and it is ${job.status}`] : [];
}

/** Where the view of the records is not what lies in the table: then all that was looked at before may be worth nothing. */
async function overlooked(under: StoreUnderTest, world: JobWorld): Promise<string[]> {
  const partitions = partitionsOf(world);
  const items = await Promise.all(partitions.map((partition) => under.items(partition)));
  return partitions
    .filter((partition, at) => !isDeepStrictEqual(world.records.of(partition), items[at]))
    .map((partition) => `${partition} was written to unseen`);
}

function wrongStatistics({ records }: JobWorld, tenant: string, jobs: readonly Item[]): string[] {
  const stats = records.of(tenantPartition(tenant)).filter(({ sk }) => String(sk).startsWith('STATS#'));
  const differences = [
    { what: 'jobs', counted: sum(stats, (day) => number(day, 'jobs')), were: sum(jobs, (job) => number(job, 'round')) },
    {
      what: 'billionths of a dollar',
      counted: sum(stats, (day) => number(day, 'costNanoUsd')),
      were: sum(jobs, (job) => number(job, 'costNanoUsd')),
    },
    {
      what: 'completed tasks',
      counted: sum(stats, (day) => number(day, 'nCompleted')),
      were: sum(jobs, (job) => number(job, 'nCompleted')),
    },
  ];
  return differences
    .filter(({ counted, were }) => counted !== were)
    .map(({ what, counted, were }) => `the statistics count ${counted} ${what}, there were ${were}`);
}
