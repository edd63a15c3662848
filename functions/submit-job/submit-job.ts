/** Turns a request into a job. What is written is the job store's one commit; all that follows it are hints, which the sweeper makes up for. */
import type { SubmitJobRequest, submitJobRoute } from '#shared/contracts/submit-job.ts';
import { IdempotencyKey } from '#shared/contracts/submit-job.ts';
import { windowedTargets } from '#shared/contracts/windowed-targets.ts';
import { capOf } from '#shared/cost/budget.ts';
import { ValidationError } from '#shared/errors.ts';
import type { Events } from '#shared/events.ts';
import { type MakeJobDeps, makeJob } from '#shared/job/make-job.ts';
import { requestHash } from '#shared/job/request-hash.ts';
import type { NewJob } from '#shared/job/store.ts';
import type { Limits } from '#shared/limits.ts';
import { HEADERS } from '#shared/names.ts';
import { logger } from '#shared/observability/logger.ts';
import { record } from '#shared/observability/metrics.ts';
import { type Availabilities, refuseUnavailable } from '#shared/scanner/availability.ts';
import { availabilityOfInstances, faultsOfInstances, type InstanceState } from '#shared/scanner/instances.ts';
import { reportDenials } from '#shared/target/denials.ts';
import { uniqueTargets, type WindowedTarget } from '#shared/target/plan.ts';
import type { Policy } from '#shared/target/policy.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';
import { deniedTargets, targetsDenied } from './denials.ts';
import { isImport, refuseUnreadyUpload, type UploadDeps } from './uploads.ts';
import { refuseHopelessWindows } from './windows.ts';

export interface SubmitJobDeps extends MakeJobDeps {
  readonly jobs: MakeJobDeps['jobs'] & UploadDeps['jobs'];
  readonly results: MakeJobDeps['results'] & UploadDeps['results'];
  readonly events: Pick<Events, 'jobSubmitted' | 'targetsDenied'>;
  readonly policy: () => Promise<Policy>;
  readonly availability: Availabilities;
  /** Of Nessus. UnavailableError when they cannot be read. */
  readonly instances: () => Promise<readonly InstanceState[]>;
  readonly limits: Pick<Limits, 'tasksPerJob' | 'deadlineSeconds' | 'jobBudgetUsd'>;
  readonly now: () => Date;
  /** A new UUIDv7. */
  readonly newId: () => string;
}

type Request = HttpRequest<typeof submitJobRoute>;

/** 201 with the new job; 200 with the first answer, byte for byte, when the idempotency key was used for this very request before. */
export async function submitJob(deps: SubmitJobDeps, request: Request): Promise<HttpAnswer> {
  const { body } = request;
  const key = idempotencyKeyOf(request);
  const job = newJob(deps, request);
  refuseHopelessWindows(body, job);
  const requested = windowedTargets(body);
  const targets = uniqueTargets(requested);
  if (isImport(targets)) await refuseUnreadyUpload(deps, job.tenant, targets);
  else await refuseScanners(deps, body.scanners);
  await refuseDenied(deps, requested, job);
  const { scanners, labels, description, followUps } = body;
  const spec = {
    scanners,
    labels,
    ...(description === undefined ? {} : { description }),
    ...(followUps === undefined ? {} : { followUps }),
  };
  const idempotency = key === undefined ? {} : { idempotency: { key, requestHash: hashOf(body, targets) } };
  const { submitted, faults } = await makeJob(deps, { job, targets, spec, ...idempotency });
  const { jobId } = submitted.outcome === 'created' ? submitted.job : submitted;
  const answer = { body: submitted.body, jobId, headers: { Location: `${request.url}/${jobId}` } };
  if (submitted.outcome === 'repeated') return { status: 200, ...answer };
  const { job: stored, released } = submitted;
  for (const error of faults) logger.warn('a hint of a new job was lost', { jobId, traceId: stored.traceId, error });
  record({ jobsSubmitted: 1, tasksReleased: released.length });
  return { status: 201, ...answer };
}

/** ValidationError naming each scanner, or instance of one, that is asked for in vain. */
async function refuseScanners(
  { availability, instances }: Pick<SubmitJobDeps, 'availability' | 'instances'>,
  scanners: SubmitJobRequest['scanners'],
): Promise<void> {
  const names = scanners.map(({ name }) => name);
  if (!names.includes('nessus')) return refuseUnavailable(availability, names);
  const list = await instances();
  refuseUnavailable({ ...availability, nessus: availabilityOfInstances(list) }, names);
  const errors = faultsOfInstances(scanners, list);
  if (errors.length > 0) throw new ValidationError(errors);
}

function idempotencyKeyOf({ headers, body }: Request): string | undefined {
  const header = headers.get(HEADERS.idempotencyKey.toLowerCase());
  if (header === undefined) return body.idempotencyKey;
  const refuse = (message: string) => new ValidationError([{ field: HEADERS.idempotencyKey, message }]);
  const parsed = IdempotencyKey.safeParse(header);
  if (!parsed.success) throw refuse(parsed.error.issues[0]?.message ?? 'cannot be used');
  if (body.idempotencyKey !== undefined && body.idempotencyKey !== header)
    throw refuse('differs from the field idempotencyKey; give one of them, or both alike');
  return header;
}

/** ForbiddenError when a target is denied, while nothing is written yet. The denial is on record before the caller hears of it. */
async function refuseDenied(
  deps: SubmitJobDeps,
  targets: readonly WindowedTarget[],
  job: NewJob['job'],
): Promise<void> {
  const denied = deniedTargets(await deps.policy(), targets, job.createdAt);
  if (denied.length === 0) return;
  const { createdAt: at, createdBy: principal, tenant, sessionId, traceId } = job;
  const facts = { by: 'submit', at, tenant, principal, sessionId, traceId } as const;
  await reportDenials(
    { events: deps.events, log: logger, record },
    facts,
    denied.map(({ at: _, ...one }) => one),
  );
  throw targetsDenied(denied);
}

function newJob({ now, newId, limits }: SubmitJobDeps, { body, caller, trace }: Request): NewJob['job'] {
  const { name, project, profile, priority, deadlineSeconds = limits.deadlineSeconds } = body;
  if (deadlineSeconds > limits.deadlineSeconds)
    throw new ValidationError([{ field: 'deadlineSeconds', message: `must be at most ${limits.deadlineSeconds}` }]);
  const jobId = newId();
  return {
    jobId,
    ...(body.followUps === undefined ? {} : { rootJobId: jobId, depth: 0 }),
    tenant: caller.tenant,
    createdBy: caller.principal,
    ...(caller.sessionId === undefined ? {} : { sessionId: caller.sessionId }),
    ...(name === undefined ? {} : { name }),
    ...(project === undefined ? {} : { project }),
    scanners: body.scanners.map((scanner) => scanner.name),
    profile,
    priority,
    ...trace,
    createdAt: now().toISOString(),
    deadlineSeconds,
    ...capOf(body.maxCostUsd, limits),
  };
}

/** The targets count as they are scanned and when, the defaults as filled in. */
function hashOf(
  { targets: _asWritten, window: _ofTargets, idempotencyKey: _key, ...rest }: SubmitJobRequest,
  targets: readonly WindowedTarget[],
): string {
  return requestHash({
    ...rest,
    targets: targets.map(({ text, window }) => (window === undefined ? text : { text, ...window })),
  });
}
