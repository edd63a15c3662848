/** `scanfleet cost`: what a job will cost, from the arguments of a submit; or what one has cost, from its id. */
import type { Command } from 'commander';
import { JobId } from '#shared/contracts/ids.ts';
import type { JobView } from '#shared/contracts/job.ts';
import type { StatsResponse } from '#shared/contracts/stats.ts';
import { SubmitJobRequest } from '#shared/contracts/submit-job.ts';
import { windowedTargets } from '#shared/contracts/windowed-targets.ts';
import { type Estimate, estimateOf } from '#shared/cost/estimate.ts';
import { ScanfleetError, ValidationError } from '#shared/errors.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { planTasks, uniqueTargets } from '#shared/target/plan.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { dollars } from '../money.ts';
import type { Data } from '../output.ts';
import { addRequestOptions } from '../request-options.ts';
import { readRequest, type SubmitOptions } from '../submit-request.ts';

const HELP = `
An estimate scans nothing and needs no service; with one it goes by your own recent scans and the prices of the deployment.

Examples:
  $ scanfleet cost 203.0.113.0/24 --scanner nmap
  $ scanfleet cost --targets-file hosts.txt --scanner nmap --option topPorts=100 --scanner nuclei --json
  $ scanfleet cost 019aa0f3-5b1c-7c3e-9d2f-0a1b2c3d4e5f`;

export function define(command: Command): void {
  command.description('Estimate what a job will cost, or show what one has cost.');
  addRequestOptions(command.argument('[targets...]', 'what submit takes; or the id of a job'));
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [targets] = command.processedArgs as [string[]];
  const options = command.opts<SubmitOptions & ConnectionOptions>();
  const { output } = context;
  const id = idAmong(targets, options);
  if (id !== undefined) {
    const account = await accountOf(context, id, options);
    if (options.json) output.json(account);
    else showAccount(output, account);
    return EXIT.ok;
  }
  const request = parse(await readRequest(context, targets, options));
  const tasks = planTasks(uniqueTargets(windowedTargets(request)), request.scanners, DEFAULT_LIMITS);
  const stats = await deploymentStats(context, options);
  const estimate = estimateOf(tasks, request.scanners, deploymentOf(stats));
  if (options.json) output.json(estimate);
  else showEstimate(output, estimate);
  if (request.followUps !== undefined)
    output.message('What follow-up scans will cost depends on what is found: not in it.');
  if (stats === undefined) output.message('No service answered: by the defaults, not by your own scans.');
  warnOfBudgets(context, estimate, request.maxCostUsd, stats?.budget);
  return EXIT.ok;
}

/** A job's id alone is no target anybody means. */
function idAmong([first, ...others]: readonly string[], { scanner, recipe, file }: SubmitOptions): string | undefined {
  if (others.length > 0 || scanner || recipe || file) return undefined;
  return JobId.safeParse(first?.toLowerCase()).data;
}

/** As the service would, so that what cannot be submitted is not estimated. */
function parse(body: unknown): SubmitJobRequest {
  const parsed = SubmitJobRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  throw new ValidationError(errors, { cause: parsed.error });
}

/** Undefined where no service can be reached: an estimate can do without. */
async function deploymentStats(context: Context, options: ConnectionOptions): Promise<StatsResponse | undefined> {
  try {
    return await (await connect(context, options)).call('getStats', { query: {} }, context.signal);
  } catch (error) {
    if (error instanceof ScanfleetError && !options.url) return undefined;
    throw error;
  }
}

const deploymentOf = (stats: StatsResponse | undefined) =>
  stats && { recent: stats.scanners, workerHourUsd: stats.budget.workerHourUsd };

const COLUMNS = ['SCANNER', 'TASKS', 'TARGETS', 'WORKER SECONDS', 'WORKERS', 'REQUESTS', 'STORAGE', 'TIME BY'];

function showEstimate(data: Data, { scanners, costUsd, overhead, prices }: Estimate): void {
  data
    .table(COLUMNS.map((title) => ({ title })))
    .add(
      scanners.map(({ scanner, tasks, targets, workerSeconds, usd, source }) => [
        ...[scanner, String(tasks), String(targets), workerSeconds.toFixed(1)],
        ...[dollars(usd.workers), dollars(usd.requests), dollars(usd.storage), source],
      ]),
    );
  data.line('');
  data.fields({
    Estimate: `${dollars(costUsd)} USD, which counts against budgets`,
    Beside: `${dollars(overhead.jobRequestsUsd)} USD for requests about the job, at most ${dollars(overhead.idleWorkersUsd)} USD for workers that start and wait`,
    Prices: `list prices of ${prices.region} as of ${prices.asOf}, on demand; Spot costs about a third`,
  });
}

function warnOfBudgets(
  { output }: Pick<Context, 'output'>,
  { costUsd }: Estimate,
  maxCostUsd: number | undefined,
  budget: StatsResponse['budget'] | undefined,
): void {
  const jobUsd = maxCostUsd ?? budget?.jobUsd ?? Number.POSITIVE_INFINITY;
  if (costUsd > jobUsd)
    output.message(`That is more than the job may cost, ${dollars(jobUsd)} USD: it would end incomplete.`);
  const left = (budget?.dayUsd ?? Number.POSITIVE_INFINITY) - (budget?.spentTodayUsd ?? 0);
  if (costUsd > left)
    output.message(`That is more than is left of the day's budget, ${dollars(Math.max(0, left))} USD.`);
}

interface Account extends Pick<JobView, 'jobId' | 'status' | 'usage' | 'maxCostUsd'> {
  /** Tasks that ended, and how often one was run. */
  readonly tasks: { readonly ended: number; readonly total: number; readonly attempts: number };
  readonly budget: StatsResponse['budget'];
}

async function accountOf(context: Context, jobId: string, options: ConnectionOptions): Promise<Account> {
  const client = await connect(context, options);
  const [job, { budget }] = await Promise.all([
    client.call('getJob', { path: { jobId } }, context.signal),
    client.call('getStats', { query: {} }, context.signal),
  ]);
  const { status, usage, maxCostUsd, tasks, taskList = [] } = job;
  return {
    ...{ jobId, status, usage },
    ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
    tasks: {
      ended: tasks.completed + tasks.failed + tasks.timedOut + tasks.cancelled,
      total: tasks.total,
      attempts: taskList.reduce((sum, { attempt }) => sum + attempt, 0),
    },
    budget,
  };
}

function showAccount(data: Data, { jobId, status, usage, maxCostUsd, tasks, budget }: Account): void {
  const { dayUsd, spentTodayUsd } = budget;
  data.fields({
    Job: jobId,
    Status: status,
    Cost: `${dollars(usage.costUsd)} USD${maxCostUsd === undefined ? '' : ` of at most ${dollars(maxCostUsd)}`}`,
    Workers: `${usage.workerSeconds.toFixed(1)} s of their time`,
    Results: `${usage.storedBytes} bytes`,
    Tasks: `${tasks.ended} of ${tasks.total} ended, ${tasks.attempts} attempts`,
    Today: dayUsd === null ? undefined : `${dollars(spentTodayUsd ?? 0)} of ${dollars(dayUsd)} USD spent by all jobs`,
  });
}
