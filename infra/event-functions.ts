/** The functions that nobody calls: they follow events and the clock. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Env as BuildReportEnv } from '#functions/build-report/env.ts';
import type { Env as DispatchWorkersEnv } from '#functions/dispatch-workers/env.ts';
import type { Env as RecordStoppedWorkerEnv } from '#functions/record-stopped-worker/env.ts';
import type { Env as SignEvidenceEnv } from '#functions/sign-evidence/env.ts';
import type { Env as StartFollowUpsEnv } from '#functions/start-follow-ups/env.ts';
import type { Env as SweepTasksEnv } from '#functions/sweep-tasks/env.ts';
import { NodeFunction } from './constructs/node-function.ts';
import type { ServiceParts } from './constructs/service-metrics.ts';
import type { WorkerFleet } from './constructs/worker-fleet.ts';
import type { Foundation } from './foundation.ts';

/** As long as a Lambda may run: the largest report is built, and the most findings are read, in one go. */
const LONGEST = Duration.minutes(15);
/** A job of 1,000 tasks has as much evidence to read. */
const SIGN_TIMEOUT = Duration.minutes(5);
/** A run that takes longer than the minute to the next one is of no use. */
const MINUTE = Duration.minutes(1);

export function eventFunctions(
  scope: Construct,
  foundation: Foundation,
  workers: WorkerFleet,
): ServiceParts['followers'] {
  const { jobs, tasks, results, events, settings } = foundation;
  const dispatchWorkers = new NodeFunction<DispatchWorkersEnv>(scope, 'dispatch-workers', {
    variables: { ...tasks.variables, ...workers.variables },
    settings,
    timeout: MINUTE,
    reservedConcurrency: 2,
  });
  tasks.watchedBy(dispatchWorkers);
  workers.launchedBy(dispatchWorkers);
  events.on('JobSubmitted', dispatchWorkers);
  events.everyMinute(dispatchWorkers);

  const recordStoppedWorker = new NodeFunction<RecordStoppedWorkerEnv>(scope, 'record-stopped-worker', {
    variables: jobs.variables,
    settings,
  });
  jobs.fleetRecordedBy(recordStoppedWorker);
  workers.onStopped(recordStoppedWorker, dispatchWorkers);

  const sweepTasks = new NodeFunction<SweepTasksEnv>(scope, 'sweep-tasks', {
    variables: { ...jobs.variables, ...tasks.variables, ...tasks.deadLetterVariables, ...events.variables },
    settings,
    timeout: MINUTE,
    reservedConcurrency: 1,
  });
  jobs.usedBy(sweepTasks, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem');
  jobs.usedBy(sweepTasks, 'DescribeTable');
  tasks.fedBy(sweepTasks);
  tasks.deadLettersEmptiedBy(sweepTasks);
  events.sentBy(sweepTasks);
  events.everyMinute(sweepTasks);

  const buildReport = new NodeFunction<BuildReportEnv>(scope, 'build-report', {
    variables: { ...jobs.variables, ...results.variables },
    settings,
    timeout: LONGEST,
  });
  jobs.usedBy(buildReport, 'GetItem', 'BatchGetItem', 'Query');
  results.readBy(buildReport, 'plans', 'results', 'reports');
  results.streamedBy(buildReport, 'reports');
  events.on('ReportRequested', buildReport);
  return { dispatchWorkers, recordStoppedWorker, sweepTasks, buildReport, ...endFunctions(scope, foundation) };
}

/** What follows from the end of a job. */
function endFunctions(
  scope: Construct,
  { jobs, tasks, results, events, evidence, settings }: Foundation,
): Pick<ServiceParts['followers'], 'startFollowUps' | 'signEvidence'> {
  const startFollowUps = new NodeFunction<StartFollowUpsEnv>(scope, 'start-follow-ups', {
    variables: {
      ...{ ...jobs.variables, ...tasks.variables, ...results.variables, ...events.variables, LOOPBACK_TARGETS: 'deny' },
      SCANNER_AVAILABILITY: JSON.stringify(settings.scanners),
    },
    settings,
    timeout: LONGEST,
  });
  jobs.usedBy(startFollowUps, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem');
  tasks.fedBy(startFollowUps);
  results.readBy(startFollowUps, 'config', 'plans', 'results');
  results.writtenBy(startFollowUps, 'plans');
  events.sentBy(startFollowUps);
  events.on('JobFinished', startFollowUps);

  const signEvidence = new NodeFunction<SignEvidenceEnv>(scope, 'sign-evidence', {
    variables: { ...jobs.variables, ...results.variables, ...evidence.variables },
    settings,
    timeout: SIGN_TIMEOUT,
  });
  jobs.usedBy(signEvidence, 'GetItem', 'Query', 'UpdateItem');
  results.readBy(signEvidence, 'results');
  results.writtenBy(signEvidence, 'evidence');
  evidence.signedWithBy(signEvidence);
  events.on('JobFinished', signEvidence);
  return { startFollowUps, signEvidence };
}
