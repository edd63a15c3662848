/** A run of Nessus: a scan on one of the deployment's servers, from its creation until its report is here. */
import { ConflictError, ScanfleetError, UnavailableError } from '#shared/errors.ts';
import { NessusOptions } from '#shared/scanner/nessus.ts';
import { ScannerBusyError } from '../../procedure.ts';
import type { ProcedureWork, ScanRun } from '../../scanner.ts';
import { endOrphans, endScan, removeScan } from './end-scan.ts';
import { bringHome } from './export.ts';
import {
  isOneTooMany,
  lookAtPool,
  type Member,
  membersWithRoom,
  type PoolDeps,
  publishFailure,
  scanName,
  worthTellingOf,
} from './pool.ts';
import type { NessusServer, NewScan, ScanDetails } from './server.ts';
import { type ScanState, stateOf } from './status.ts';
import { textTargets } from './targets.ts';

/** A scan that runs. */
interface Launched {
  readonly member: Member;
  readonly id: number;
}

/** A partial report of a scan that was stopped must come soon: its worker may be about to end. */
const PARTIAL_MS = 20_000;
const CREATE_MS = 30_000;
/** How many templates one error names. */
const MAX_NAMED = 30;
const NO_API = 'nessus_api_unavailable';

/** Rejects with ScannerBusyError, and with what the task's error is to be. */
export async function runOnNessus(
  deps: PoolDeps,
  run: ScanRun,
  outputFile: string,
  work: ProcedureWork,
): Promise<void> {
  const options = NessusOptions.parse(run.options);
  const pool = await lookAtPool(deps, work.signal, options.instance);
  try {
    const members = await endOrphans(deps, pool.members, work);
    const scan = await launchOn(deps, membersWithRoom({ ...pool, members }), run, options, work);
    const state = await follow(deps, scan, work).catch(async (error: unknown) => {
      await endScan(deps, scan.member.server, scan.id);
      if (!work.signal.aborted) throw error;
      return undefined;
    });
    await report(deps, scan, state, outputFile, work);
  } finally {
    await pool.close();
  }
}

/** The first of the members that takes the scan. Throws when none does. */
async function launchOn(
  deps: PoolDeps,
  members: readonly Member[],
  run: ScanRun,
  options: NessusOptions,
  work: ProcedureWork,
): Promise<Launched> {
  const failures: ScanfleetError[] = [];
  for (const member of members) {
    try {
      const id = await create(member, scanOf(run, options, work), options);
      await launch(deps, member, id);
      work.log(`scan ${id} runs on ${member.instance.name} (${member.version ?? 'version unknown'})`);
      return { member, id };
    } catch (error) {
      if (!(error instanceof ScanfleetError) || work.signal.aborted) throw error;
      work.log(error.message);
      failures.push(error);
      if (error.code === NO_API) await publishFailure(deps, member.instance, error);
    }
  }
  throw worthTellingOf(failures) ?? new ScannerBusyError('no Nessus has room');
}

const scanOf = (run: ScanRun, { policyId }: NessusOptions, { task }: ProcedureWork) => ({
  ...{ name: scanName(task), targets: textTargets(run.targets), policyId },
});

/**
 * Not cut off by a stop, so that nothing is created of which nobody knows. Whose answer was lost may have been created all the same: it is
 * looked for by its name before another try.
 */
async function create(
  { server }: Member,
  scan: Omit<NewScan, 'uuid'>,
  { template, templateUuid }: NessusOptions,
): Promise<number> {
  const uuid = templateUuid ?? (await templateNamed(template, server));
  const lasting = server.until(AbortSignal.timeout(CREATE_MS));
  try {
    return await lasting.create({ ...scan, uuid });
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    const created = (await lasting.scans()).find(({ name }) => name === scan.name);
    return created?.id ?? lasting.create({ ...scan, uuid });
  }
}

async function templateNamed(wanted: string, server: NessusServer): Promise<string> {
  const templates = await server.templates();
  const found = templates.find(({ name }) => name === wanted);
  if (found !== undefined) return found.uuid;
  const known = templates.map(({ name }) => name).slice(0, MAX_NAMED);
  throw new ConflictError('nessus_refused', `Nessus has no scan template ${wanted}; it has: ${known.join(', ')}`);
}

/** Takes the scan away again when it is one too many, or is not launched. */
async function launch(deps: PoolDeps, { server, instance }: Member, id: number): Promise<void> {
  try {
    if (isOneTooMany(id, await server.scans(), instance.maxConcurrentScans))
      throw new ScannerBusyError(`Nessus ${instance.name} was filled meanwhile`);
    await server.launch(id).catch(async (error: unknown) => {
      // Launched by a call whose answer was lost, it is not empty any more.
      if ((await server.details(id)).info.status === 'empty') throw error;
    });
  } catch (error) {
    await endScan(deps, server, id);
    await removeScan(deps, server, id);
    throw error;
  }
}

/** Until it has ended. Rejects when it is to be stopped, and when its server does not answer any more. */
async function follow(deps: PoolDeps, { member, id }: Launched, { signal, log }: ProcedureWork): Promise<ScanState> {
  for (;;) {
    await deps.clock.sleep(member.instance.pollSeconds * 1_000, signal);
    const details = await member.server.details(id);
    log(progressLine(details));
    const state = stateOf(details.info.status);
    if (state !== 'open') return state;
  }
}

const progressLine = ({ info, hosts }: ScanDetails): string => {
  const sum = (of: (host: NonNullable<ScanDetails['hosts']>[number]) => number) =>
    (hosts ?? []).reduce((total, host) => total + of(host), 0);
  return JSON.stringify({
    status: info.status.slice(0, 50),
    current: sum((host) => host.scanprogresscurrent),
    total: sum((host) => host.scanprogresstotal),
    hosts: hosts?.length ?? 0,
  });
};

/** Brings home what there is. A scan that did not come to its end by itself leaves a report that knows only so much. */
async function report(
  deps: PoolDeps,
  { member: { server, instance }, id }: Launched,
  state: ScanState | undefined,
  outputFile: string,
  { signal, maxBytes, log }: ProcedureWork,
): Promise<void> {
  const isWhole = state === 'completed';
  const within = isWhole ? signal : AbortSignal.timeout(PARTIAL_MS);
  const failure: unknown = await bringHome(deps, server.until(within), { id, outputFile, maxBytes }, within).catch(
    (error: unknown) => error,
  );
  const isDone = signal.aborted || (isWhole && failure === undefined);
  if (isDone && instance.afterScan === 'delete') await removeScan(deps, server, id);
  if (isWhole && failure !== undefined) throw failure;
  if (failure !== undefined)
    log(`no report of what it did until then: ${failure instanceof Error ? failure.message : failure}`);
  if (state === 'stopped')
    throw new ConflictError('nessus_stopped', `somebody stopped scan ${id} on Nessus ${instance.name}`);
  if (state === 'aborted') throw new UnavailableError('nessus_aborted', `Nessus ${instance.name} gave up scan ${id}`);
}
