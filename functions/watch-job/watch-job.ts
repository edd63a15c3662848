/**
 * A job as it changes, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each event is the whole job
 * as GET /jobs/{jobId} shows it, and its id stands for just that: who reconnects misses no state, and gets none twice.
 */
import { createHash } from 'node:crypto';
import type { JobView, watchJobRoute } from '#shared/contracts/job.ts';
import type { Results } from '#shared/finding/results.ts';
import type { Job } from '#shared/job/job.ts';
import { readRecords, readVisibleJob } from '#shared/job/records.ts';
import type { JobAndTasks, JobStore } from '#shared/job/store.ts';
import { readShownTargets } from '#shared/job/targets.ts';
import { jobView } from '#shared/job/view.ts';
import { HEADERS } from '#shared/names.ts';
import { isTerminal, STATUSES } from '#shared/status.ts';
import type { HttpRequest } from '../middleware/http.ts';
import type { StreamAnswer } from '../middleware/stream.ts';

export interface WatchJobDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readSpec' | 'readTasks' | 'peekJobAndTasks'>;
  readonly results: Pick<Results, 'read'>;
  readonly now: () => Date;
  /** Resolves early when `signal` is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** How long one answer lasts: Lambda does not learn that a client has left, and is paid for until the answer ends. */
const LONGEST_MS = 55_000;
/** What a client waits before it connects again. */
const RETRY_MS = 1_000;
/** "every 15 seconds or so": against proxies that drop a silent connection (the same, section 9.2.7). */
const HEARTBEAT_MS = 15_000;
/** A comment. */
const HEARTBEAT = ':\n\n';

/** 204, which tells a client not to connect again (the same, section 9.2.1), for one that has seen the end of the job. */
export async function watchJob(
  deps: WatchJobDeps,
  { caller, path, headers }: HttpRequest<typeof watchJobRoute>,
  clientGone: AbortSignal,
): Promise<StreamAnswer> {
  const records = await readRecords(deps.jobs, await readVisibleJob(deps.jobs, caller, path.jobId));
  const spec = { ...records.spec, targets: await readShownTargets(deps.results, records.job, records.spec) };
  const watch: Watch = {
    seenId: headers.get(HEADERS.lastEventId.toLowerCase()),
    show: ({ job, tasks }) => snapshotOf(jobView(job, spec, tasks)),
    endsAtMs: deps.now().getTime() + LONGEST_MS,
    clientGone,
  };
  const { id, isEnd } = watch.show(records);
  if (isEnd && id === watch.seenId) return { status: 204, headers: {}, body: (async function* () {})() };
  return { status: 200, headers: { 'Content-Type': 'text/event-stream' }, body: events(deps, watch, records) };
}

interface Watch {
  /** Of the last event the client had. */
  readonly seenId: string | undefined;
  readonly show: (records: JobAndTasks) => Snapshot;
  readonly endsAtMs: number;
  readonly clientGone: AbortSignal;
}

interface Snapshot {
  readonly id: string;
  /** Whether the job has ended. */
  readonly isEnd: boolean;
  readonly json: string;
}

function snapshotOf(view: JobView): Snapshot {
  const json = JSON.stringify(view);
  const id = createHash('sha256').update(json).digest('base64url').slice(0, 16);
  return { id, isEnd: isTerminal(view.status), json };
}

/** The first chunk comes at once, whatever there is to tell: the head of the answer goes with it. */
async function* events(deps: WatchJobDeps, watch: Watch, first: JobAndTasks): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`retry: ${RETRY_MS}\n\n`);
  let { seenId } = watch;
  let sentAtMs = deps.now().getTime();
  for await (const { id, isEnd, json } of snapshots(deps, watch, first)) {
    if (id === seenId && deps.now().getTime() - sentAtMs < HEARTBEAT_MS) continue;
    const event = `id: ${id}\nevent: ${isEnd ? 'end' : 'job'}\ndata: ${json}\n\n`;
    yield Buffer.from(id === seenId ? HEARTBEAT : event);
    seenId = id;
    sentAtMs = deps.now().getTime();
  }
}

/** The job each time it is looked at, changed or not, until it or the answer ends. A client that takes nothing costs no look. */
async function* snapshots(
  { jobs, now, sleep }: WatchJobDeps,
  { show, endsAtMs, clientGone }: Watch,
  first: JobAndTasks,
): AsyncGenerator<Snapshot> {
  let lastId: string | undefined;
  let unchanged = 0;
  for (let seen: JobAndTasks | undefined = first; seen !== undefined; seen = await lookAgain(jobs, seen)) {
    const snapshot = show(seen);
    unchanged = snapshot.id === lastId ? unchanged + 1 : 0;
    lastId = snapshot.id;
    yield snapshot;
    const leftMs = endsAtMs - now().getTime();
    if (snapshot.isEnd || leftMs <= 0) return;
    await sleep(Math.min(leftMs, pauseMs(unchanged, seen.tasks.length)), clientGone);
    if (clientGone.aborted) return;
  }
}

/** From 1 s after a change to 3 s; 5 ms for each task, since all of them are read: 1,000 cost no more a second than 200. */
const pauseMs = (unchanged: number, tasks: number): number =>
  Math.max(Math.min(Math.round(1_000 * 1.25 ** unchanged), 3_000), 5 * tasks);

/**
 * The job as it is now. Reads are eventually consistent, so one may find an older state than the one before: that is left out. The end is
 * the last word, and is read again for certain. Undefined when the job is gone.
 */
async function lookAgain(jobs: WatchJobDeps['jobs'], seen: JobAndTasks): Promise<JobAndTasks | undefined> {
  const found = await jobs.peekJobAndTasks(seen.job.jobId);
  if (found === undefined || !isTerminal(found.job.status)) return found && isOlder(found.job, seen.job) ? seen : found;
  const job = await jobs.readJob(seen.job.jobId);
  return job && { job, tasks: await jobs.readTasks(job.jobId) };
}

/** Within a round a job's states come in one order, and its open tasks only become fewer. */
const isOlder = (a: Job, b: Job): boolean =>
  a.round < b.round ||
  (a.round === b.round && (STATUSES.indexOf(a.status) < STATUSES.indexOf(b.status) || a.openCount > b.openCount));
