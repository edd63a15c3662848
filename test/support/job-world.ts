/**
 * Callers, workers, a queue and a sweeper around one job store, moved command by command: the world of the model-based test. Nothing in
 * it is faster or more reliable than it must be: messages get lost and doubled, workers pause, forget to look, and die, and any call can
 * be refused, lose its answer, land late, or be the last that its caller made.
 */
import { v7 } from 'uuid';
import { jobKey } from '#shared/aws/table.ts';
import { isSpent, JOB_BUDGET_EXHAUSTED } from '#shared/cost/budget.ts';
import type { Usage } from '#shared/cost/usage.ts';
import { ConflictError, LimitError, NotFoundError } from '#shared/errors.ts';
import type { Events } from '#shared/events.ts';
import { announce, endTask, offerSlots } from '#shared/job/flow.ts';
import { type Job, PRIORITIES } from '#shared/job/job.ts';
import type { ClaimedTask, JobStore, TaskEnd } from '#shared/job/store.ts';
import { isTerminal } from '#shared/status.ts';
import type { TaskRef } from '#shared/task/task.ts';
import { type Call, type Fault, faultOf } from './dynamodb-faults.ts';
import { type Item, type RecordView, recordView } from './record-view.ts';
import { aResult, newJob, newTenant, type StoreUnderTest } from './store-under-test.ts';

export type Command =
  | {
      readonly do: 'submit';
      readonly tenant: number;
      readonly tasks: number;
      readonly key: number;
      readonly deadlineSeconds: number;
      readonly priority: number;
    }
  | { readonly do: 'work'; readonly message: number; readonly host: number }
  | { readonly do: 'beat' | 'die'; readonly holder: number }
  | { readonly do: 'end'; readonly holder: number; readonly how: 'complete' | 'fail' | 'transient' | 'shutdown' }
  /** Workers take all there is on the queue, and end it alike. */
  | { readonly do: 'rush'; readonly how: 'complete' | 'fail' | 'transient' }
  | { readonly do: 'drop' | 'repeat'; readonly message: number }
  | { readonly do: 'cancel' | 'retry' | 'delete'; readonly job: number }
  /** A retry with a higher cap. */
  | { readonly do: 'raise'; readonly job: number }
  /** `perish`: every worker dies, and the sweeper finds their leases over. */
  | { readonly do: 'sweep' | 'perish' }
  | { readonly do: 'pass'; readonly seconds: number };

/** `at`: the how-manieth write of the command it meets. `meanwhile`: another command happens first. */
export interface Mishap {
  readonly at: number;
  readonly what:
    | 'throttle'
    | 'conflict'
    | 'silence'
    | 'lost_answer'
    | 'remembered'
    | 'lands_late'
    | 'dies_before'
    | 'dies_after'
    | { readonly meanwhile: Command };
}
export interface Step {
  readonly command: Command;
  readonly mishaps: readonly Mishap[];
}

/** The process that made the call is gone. */
class Died extends Error {}

interface Holder extends ClaimedTask {
  readonly hosts: readonly string[];
}

/** Only some stories come so far: to a day's twenty ends of a task, or a job's three or six. */
export const WORLD_LIMITS = {
  windowTasks: 4,
  quotaJobs: 4,
  maxFailures: 2,
  retentionSeconds: 6_000,
  dayBudgetUsd: 600_000e-9,
  smallWorkerHourUsd: 0,
} as const;
const COST_OF_AN_END: Usage = { workerMs: 100, storedBytes: 7, costNanoUsd: 30_000 };
const MAX_COST = { low: 90_000, high: 180_000 } as const;
/** Of a submit's transaction four items are the job's, and one its target's (job-store/submit.ts). */
const TRANSACTION_ITEMS = 8;
export const LARGEST_SMALL_JOB = 3;
const HOSTS = 3;
/** Longer than any deadline and than the longest pause between two messages. */
const CALM_MINUTES = 120;
/** Two leases after the stop the sweeper ends what is left; then messages may have to be sent again. */
const STOP_MINUTES = 7;
/** What can go wrong is a write. */
const WRITES: ReadonlySet<string> = new Set(['TransactWriteItems', 'UpdateItem', 'PutItem', 'DeleteItem']);

export class JobWorld {
  readonly store: JobStore;
  readonly tenants = [newTenant(), newTenant()];
  /** Of every job that was ever submitted, whether it came to be or not. */
  readonly tenantOf = new Map<string, string>();
  readonly holders: Holder[] = [];
  /** `<jobId> <taskId> <attempt>` of claims that met a busy host, of which the records keep no trace. */
  readonly metBusyHost = new Set<string>();
  /** What no invariant of the records shows: scans that should never have begun. */
  readonly violations: string[] = [];
  readonly announced: string[] = [];
  readonly records: RecordView;
  readonly #under: StoreUnderTest;
  readonly #messages: TaskRef[] = [];
  readonly #late: (() => Promise<unknown>)[] = [];
  /** `<jobId> <round>` of jobs whose cancel was accepted. */
  readonly #cancelled = new Set<string>();

  constructor(under: StoreUnderTest) {
    this.#under = under;
    this.store = under.withLimits(WORLD_LIMITS, TRANSACTION_ITEMS);
    this.records = recordView(under);
  }

  async run({ command, mishaps }: Step): Promise<void> {
    let writes = 0;
    const outer = this.#faults;
    this.#meet((call) => {
      const { operation } = call;
      if (!WRITES.has(operation)) return undefined;
      const mishap = mishaps.find(({ at }) => at === writes);
      writes += 1;
      return mishap && this.#faultOf(mishap, call);
    });
    try {
      await this.#do(command);
    } catch (error) {
      if (!isExpected(error)) throw error;
    } finally {
      this.#meet(outer);
    }
  }

  #faults: (call: Call) => Fault | undefined = () => undefined;
  #meet(faults: (call: Call) => Fault | undefined): void {
    this.#faults = faults;
    this.#under.decideFaults((call) => {
      this.records.watch(call);
      return faults(call);
    });
  }

  /** What landed late lands now, wherever it still can. */
  async landLate(): Promise<void> {
    for (const send of this.#late.splice(0)) await send().catch(() => undefined);
  }

  /** All that was wrong is over: dead workers stay dead, time passes, and others work until nothing is left to do. */
  async calmDown(): Promise<void> {
    this.#meet(() => undefined);
    await this.landLate();
    this.holders.splice(0);
    await this.#rush('complete', 'nothing');
    for (let minute = 1; minute <= CALM_MINUTES; minute += 1) {
      const restless = await this.#restless();
      if (restless.length === 0) return;
      if (minute > STOP_MINUTES && restless.some(({ status }) => status === 'cancelling'))
        this.violations.push(`a job was still being stopped after ${STOP_MINUTES} minutes`);
      this.#under.pass(60);
      await this.#sweep();
      await this.#rush('complete', 'nothing');
    }
  }

  /** On hosts of their own, or on none: then there is nothing to lock. */
  async #rush(how: 'complete' | 'fail' | 'transient', on: 'hosts' | 'nothing'): Promise<void> {
    for (const ref of this.#messages.splice(0)) {
      const others = this.holders.length;
      await this.#work(ref, on === 'hosts' ? others : undefined);
      if (this.holders.length > others) await this.#end(others, how);
    }
  }

  /** Jobs in the index: they are open, or their evidence is not signed. */
  async #restless(): Promise<Item[]> {
    const partitions = [...this.tenantOf.keys()].map((jobId) => jobKey(jobId).pk);
    await this.records.look(partitions);
    return partitions
      .flatMap((partition) => this.records.of(partition))
      .filter((item) => item.sk === 'JOB' && 'checkAt' in item);
  }

  #faultOf({ what }: Mishap, call: Call): Fault {
    if (typeof what === 'object') return () => this.#meanwhile(what.meanwhile);
    if (what === 'dies_before') return { instead: () => Promise.reject(new Died()) };
    if (what === 'dies_after')
      return {
        instead: async (send) => {
          await send();
          throw new Died();
        },
      };
    if (what !== 'lands_late') return what;
    return {
      instead: async (send) => {
        this.#late.push(() => {
          this.records.watch(call);
          return send();
        });
        throw faultOf('silence', call.operation);
      },
    };
  }

  /** Somebody else does something in between, undisturbed. */
  async #meanwhile(command: Command): Promise<void> {
    await this.run({ command, mishaps: [] });
  }

  async #do(command: Command): Promise<void> {
    switch (command.do) {
      case 'submit':
        return this.#submit(command);
      case 'work': {
        const [ref] = take(this.#messages, command.message);
        return ref && this.#work(ref, command.host);
      }
      case 'beat':
        return this.#beat(command.holder);
      case 'die':
        return void take(this.holders, command.holder);
      case 'end':
        return this.#end(command.holder, command.how);
      case 'rush':
        return this.#rush(command.how, 'hosts');
      case 'drop':
        return void take(this.#messages, command.message);
      case 'repeat': {
        const ref = this.#messages[command.message % this.#messages.length];
        return void (ref && this.#messages.push(ref));
      }
      case 'perish':
        this.holders.splice(0);
        this.#under.pass(61);
        return this.#sweep();
      case 'sweep':
        return this.#sweep();
      case 'pass':
        this.#under.pass(command.seconds);
        return this.landLate();
      default:
        return this.#ask(command.do, [...this.tenantOf.keys()][command.job % this.tenantOf.size]);
    }
  }

  async #submit({ tenant, tasks, key, deadlineSeconds, priority }: Extract<Command, { do: 'submit' }>): Promise<void> {
    const jobId = v7();
    const owner = this.tenants[tenant % this.tenants.length] as string;
    this.tenantOf.set(jobId, owner);
    const job = newJob(this.#under, tasks, {
      maxCostNanoUsd: priority === 0 ? MAX_COST.low : MAX_COST.high,
      jobId,
      tenant: owner,
      deadlineSeconds,
      priority: PRIORITIES[priority % PRIORITIES.length] ?? 'normal',
      ...(key === 0 ? {} : { idempotency: { key: `key-${key}`, requestHash: `${tasks}` } }),
    });
    const submitted = await this.store.submit(job, ({ jobId: id }) => id);
    if (submitted.outcome === 'created') this.#messages.push(...submitted.released);
  }

  /** As a worker does it: claim, look at the job, lock the host, if any, then scan. */
  async #work(ref: TaskRef, host?: number): Promise<void> {
    const stopped = await this.#isCancelled(ref.jobId);
    const claimed = await this.store.claim(ref, 'worker');
    if (claimed === undefined) return;
    const job = await this.store.readJob(ref.jobId);
    if (job === undefined) return;
    if (job.status === 'cancelling') return this.#endTask(claimed, { status: stopStatus(job) }, []);
    if (isSpent(job)) return this.#endTask(claimed, { status: 'failed', error: JOB_BUDGET_EXHAUSTED }, []);
    if (stopped || isTerminal(job.status))
      this.violations.push(`a scan of ${ref.taskId} began under a job that is ${job.status}`);
    await this.store.start(job, 'worker');
    const hosts = host === undefined ? [] : [`${this.tenants[0]}-host-${host % HOSTS}`];
    if ((await this.store.lockHosts(claimed.held, hosts)) === 'locked') this.holders.push({ ...claimed, hosts });
    else {
      const { jobId, taskId, attempt } = claimed.held;
      this.metBusyHost.add(`${jobId} ${taskId} ${attempt}`);
      if ((await this.store.putBack(claimed.held, 'host_busy', 5)) === 'queued') this.#messages.push(ref);
    }
  }

  async #isCancelled(jobId: string): Promise<boolean> {
    if (![...this.#cancelled].some((cancelled) => cancelled.startsWith(jobId))) return false;
    const job = await this.store.readJob(jobId);
    return job !== undefined && this.#cancelled.has(`${jobId} ${job.round}`);
  }

  async #beat(index: number): Promise<void> {
    const holder = this.holders[index % this.holders.length];
    if (holder === undefined) return;
    const progress = { current: 1, total: 2, percent: 50, message: 'half' };
    if ((await this.store.heartbeat(holder.held, progress)) === undefined) return void take(this.holders, index);
    const job = await this.store.peekJob(holder.task.jobId);
    if (job?.status !== 'cancelling') return;
    take(this.holders, index);
    await this.#endTask(holder, { status: stopStatus(job), result: aResult(1) }, holder.hosts);
  }

  /** A worker that never looked whether its job was stopped ends it as if nothing had happened. */
  async #end(index: number, how: 'complete' | 'fail' | 'transient' | 'shutdown'): Promise<void> {
    const [holder] = take(this.holders, index);
    if (holder === undefined) return;
    const error = { code: 'exit', message: 'planned', retryable: how === 'transient' };
    if (how === 'complete') return this.#endTask(holder, { status: 'completed', result: aResult(2) }, holder.hosts);
    if (how === 'fail') return this.#endTask(holder, { status: 'failed', result: aResult(1), error }, holder.hosts);
    const exhausted = how === 'transient' && holder.task.failures + 1 >= WORLD_LIMITS.maxFailures;
    if (exhausted) return this.#endTask(holder, { status: 'failed', error, deadLettered: true }, holder.hosts);
    const reason = how === 'transient' ? 'transient_failure' : 'shutdown';
    if ((await this.store.putBack(holder.held, reason, 10, undefined, COST_OF_AN_END)) !== 'queued') return;
    await this.store.unlockHosts(holder.held, holder.hosts);
    const { jobId, taskId, tenant, workerSize } = holder.task;
    this.#messages.push({ jobId, taskId, tenant, workerSize });
  }

  async #endTask({ held }: ClaimedTask, end: TaskEnd, hosts: readonly string[]): Promise<void> {
    await endTask(
      { jobs: this.store, queue: this.#queue, events: this.#events },
      held,
      { ...end, used: COST_OF_AN_END },
      hosts,
    );
  }

  readonly #queue = { send: async (refs: readonly TaskRef[]) => void this.#messages.push(...refs) };
  readonly #events: Pick<Events, 'jobFinished'> = {
    jobFinished: async ({ jobId, round, status }) => void this.announced.push(`${jobId} ${round} ${status}`),
  };

  async #sweep(): Promise<void> {
    for (const jobId of await this.store.dueJobs(1_000)) {
      if (!this.tenantOf.has(jobId)) continue;
      const { send, sendLater, finished } = await this.store.sweepJob(jobId);
      this.#messages.push(...send, ...sendLater.map(({ ref }) => ref));
      if (finished === undefined) continue;
      this.announced.push(`${jobId} ${finished.round} ${finished.status}`);
      await this.store.markAnnounced(finished);
      await this.store.markSigned(finished);
    }
  }

  async #ask(what: 'cancel' | 'retry' | 'raise' | 'delete', jobId: string | undefined): Promise<void> {
    if (jobId === undefined) return;
    if (what === 'delete') return this.store.deleteJob(jobId);
    if (what === 'cancel') return this.#cancel(jobId);
    const change = what === 'raise' ? { maxCostNanoUsd: MAX_COST.high } : {};
    this.#messages.push(...(await this.store.release(await this.store.retry(jobId, 'caller', change))));
  }

  async #cancel(jobId: string): Promise<void> {
    const before = await this.store.readJob(jobId);
    const job = await this.store.cancel(jobId, 'caller');
    this.#cancelled.add(`${jobId} ${job.round}`);
    if (before === undefined || !isTerminal(job.status)) return;
    await announce({ jobs: this.store, events: this.#events }, job);
    await offerSlots({ jobs: this.store, queue: this.#queue }, before);
  }
}

const stopStatus = ({ stopReason }: Pick<Job, 'stopReason'>) => (stopReason === 'cancel' ? 'cancelled' : 'timed_out');

/** Takes one out, whichever `index` stands for among so many; none out of none. */
const take = <T>(from: T[], index: number): T[] => (from.length === 0 ? [] : from.splice(index % from.length, 1));

/** Refusals that a caller is told about, and deaths, which nobody is. */
const isExpected = (error: unknown): boolean =>
  error instanceof Died ||
  error instanceof ConflictError ||
  error instanceof LimitError ||
  error instanceof NotFoundError;
