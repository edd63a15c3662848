/** One attempt at a claimed task, up to what the scanner left: check the job, prepare the targets, lock the hosts, scan. */
import { isSpent } from '#shared/cost/budget.ts';
import { CorruptError, ScanfleetError } from '#shared/errors.ts';
import type { Job } from '#shared/job/job.ts';
import { isTerminal } from '#shared/status.ts';
import { type DenialFacts, reportDenials } from '#shared/target/denials.ts';
import { hasClosed } from '#shared/target/maintenance-window.ts';
import { expand, type Unit } from '#shared/target/plan.ts';
import type { Task } from '#shared/task/task.ts';
import { watchForCancel } from './cancel-watch.ts';
import type { WorkerDeps } from './deps.ts';
import {
  type Ending,
  endingOf,
  endingOfBusy,
  endingOfClosedWindow,
  endingOfSpentBudget,
  endingOfStop,
  endingUnder,
} from './ending.ts';
import { importer, isUpload } from './import.ts';
import { type Prepared, prepareTargets } from './prepare.ts';
import { scan } from './scan.ts';
import { requestsPerSecond, type Scanner } from './scanner.ts';
import type { Until } from './stop.ts';
import type { TaskInHand } from './task-in-hand.ts';
import type { Upload } from './upload.ts';

export interface Attempted {
  readonly ending: Ending;
  /** What there is to upload if the task ends now. */
  readonly found?: Omit<Upload, 'task'>;
  /** Addresses locked for this attempt. */
  readonly locked?: readonly string[];
}

/** Rejects with what went wrong beside the scan itself: an AWS service, a record, the disk. */
export async function attemptTask(deps: WorkerDeps, inHand: TaskInHand): Promise<Attempted> {
  const job = await deps.jobs.readJob(inHand.task.jobId);
  const early = endingBeforeStart(job, inHand.task, deps.clock.now());
  if (job !== undefined) inHand.trace.belongsTo(job);
  if (early !== undefined || job === undefined) return { ending: early ?? { do: 'nothing' } };
  if (job.status === 'queued') await deps.jobs.start(job, `worker/${deps.worker}`);
  void watchForCancel({ ...deps, log: inHand.log }, job, inHand.stop.now, inHand.done);
  return scanTargets(deps, inHand, job);
}

/** Protocol operation 7: what the job, read after the claim, means for a task that has not begun. */
function endingBeforeStart(job: Job | undefined, task: Task, now: Date): Ending | undefined {
  if (job === undefined || isTerminal(job.status)) return { do: 'nothing' };
  if (job.status === 'cancelling') return endingUnder(job);
  if (now >= new Date(job.deadlineAt)) return endingOfStop('deadline');
  if (isSpent(job)) return endingOfSpentBudget();
  return hasClosed(task, now.toISOString()) ? endingOfClosedWindow() : undefined;
}

async function scanTargets(deps: WorkerDeps, inHand: TaskInHand, job: Job): Promise<Attempted> {
  const { task, held, lease, trace, log } = inHand;
  const { units, options } = await readWork(deps, job, task);
  const { scanner, version } = await readyScanner(deps, task, units);
  const materials = (await scanner.materials?.(options)) ?? {};
  const policy = await deps.policy();
  const prepared = await trace.during('prepare', () =>
    prepareTargets({ ...deps, policy, now: deps.clock.now() }, units),
  );
  const reportDenied = () => reportDenials({ ...deps, log }, denialFacts(job, task, deps.clock.now()), prepared.denied);
  if (prepared.closed) {
    await reportDenied();
    return { ending: endingOfClosedWindow(prepared.closed) };
  }

  const { targets } = prepared;
  const locked = [...new Set(targets.map(({ address }) => address))];
  const answer = locked.length === 0 ? 'locked' : await deps.jobs.lockHosts(held, locked);
  if (answer === 'busy') return { ending: endingOfBusy(task) };
  await reportDenied();
  log.info('scan begins', { traceId: job.traceId, targets: targets.length, notScanned: prepared.coverage.length });
  // Resolving and locking may have taken longer than the lease; what starts now must be ours to start.
  if (!lease.isHeld()) return { ending: { do: 'nothing' } };
  const run = {
    ...{ scanner, targets, options },
    until: untilOf(job, task, prepared),
    requestsPerSecond: requestsPerSecond(scanner, options, deps.limits),
  };
  const scanned = await trace.during('scan', () => scan(deps.clock, { ...inHand, ...run }));
  return {
    ending: scanned.stopped ? endingOfStop(scanned.stopped) : endingOf(scanned.outcome, task, deps.limits, deps.random),
    found: {
      scanned,
      coverage: [...prepared.coverage, ...scanned.coverage],
      evidence: { worker: deps.worker, version, options, materials, policy, units, targets },
    },
    locked,
  };
}

const denialFacts = (job: Job, { taskId }: Task, now: Date): DenialFacts => {
  const { jobId, tenant, createdBy: principal, sessionId, traceId } = job;
  return { by: 'worker', at: now.toISOString(), tenant, principal, sessionId, traceId, jobId, taskId };
};

/** What comes first: the deadline of the job, the end of the caller's window or that of the target policy's. */
function untilOf({ deadlineAt }: Job, { window }: Task, { closesAt }: Prepared): Until {
  const [closed] = [window?.notAfter, closesAt].filter((at) => at !== undefined).sort();
  return closed === undefined || deadlineAt <= closed
    ? { at: deadlineAt, reason: 'deadline' }
    : { at: closed, reason: 'window_closed' };
}

/** What the task runs: its scanner, or for an upload what reads it with that one's parser. Throws ScannerMissingError. */
async function readyScanner(
  deps: WorkerDeps,
  { scanner: name, tenant }: Task,
  units: readonly Unit[],
): Promise<{ scanner: Scanner; version: string }> {
  const known = deps.scanners.get(name);
  if (known === undefined) throw new ScannerMissingError('scanner_unavailable', `this worker knows no scanner ${name}`);
  const scanner = units.some(isUpload) ? importer(known, deps.results, tenant) : known;
  const check = await scanner.check();
  if (!check.available) throw new ScannerMissingError('scanner_unavailable', check.reason);
  return { scanner, version: check.version };
}

/** Every worker of an image has the same scanners: another try would end alike. */
class ScannerMissingError extends ScanfleetError {}

/** The task's part of the job's targets, and the options of its scanner. Throws CorruptError. */
async function readWork(deps: WorkerDeps, job: Job, task: Task) {
  const { targets, scanners } = await deps.work(job);
  const request = scanners.find(({ name }) => name === task.scanner);
  if (request === undefined)
    throw new CorruptError('spec_missing', `job ${job.jobId} does not say what ${task.scanner} is to scan`);
  return { units: [...expand(targets, task.slice)], options: request.options };
}
