/** The functions that answer callers, one a route, each with the rights its decision needs. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Env as CancelJobEnv } from '#functions/cancel-job/env.ts';
import type { Env as CreateUploadEnv } from '#functions/create-upload/env.ts';
import type { Env as DeleteJobEnv } from '#functions/delete-job/env.ts';
import type { Env as ExportReportEnv } from '#functions/export-report/env.ts';
import type { Env as GetCoverageEnv } from '#functions/get-coverage/env.ts';
import type { Env as GetEvidenceEnv } from '#functions/get-evidence/env.ts';
import type { Env as GetFindingsEnv } from '#functions/get-findings/env.ts';
import type { Env as GetHealthEnv } from '#functions/get-health/env.ts';
import type { Env as GetJobEnv } from '#functions/get-job/env.ts';
import type { Env as GetOpenapiEnv } from '#functions/get-openapi/env.ts';
import type { Env as GetQueueEnv } from '#functions/get-queue/env.ts';
import type { Env as GetStatsEnv } from '#functions/get-stats/env.ts';
import type { Env as GetTimelineEnv } from '#functions/get-timeline/env.ts';
import type { Env as ListDeadLettersEnv } from '#functions/list-dead-letters/env.ts';
import type { Env as ListJobsEnv } from '#functions/list-jobs/env.ts';
import type { Env as ListScannersEnv } from '#functions/list-scanners/env.ts';
import type { Env as RedriveDeadLettersEnv } from '#functions/redrive-dead-letters/env.ts';
import type { Env as ReportLinkEnv } from '#functions/report-link/env.ts';
import type { Env as RetryJobEnv } from '#functions/retry-job/env.ts';
import type { Env as SubmitJobEnv } from '#functions/submit-job/env.ts';
import type { Env as WatchJobEnv } from '#functions/watch-job/env.ts';
import { type RouteName, routes } from '#shared/contracts/routes.ts';
import { NodeFunction } from './constructs/node-function.ts';
import type { WorkerFleet } from './constructs/worker-fleet.ts';
import type { Foundation } from './foundation.ts';

/** A streamed answer may take as long as a Lambda may (API Gateway developer guide, "Response streaming"). */
const STREAM_TIMEOUT = Duration.minutes(15);
/** An event stream ends itself after 55 s; a client that takes nothing any more keeps it no longer than this. */
const WATCH_TIMEOUT = Duration.seconds(60);

export function apiFunctions(
  scope: Construct,
  foundation: Foundation,
  workers: WorkerFleet,
): Record<RouteName, NodeFunction> {
  const functions = {
    ...controlFunctions(scope, foundation),
    ...readFunctions(scope, foundation),
    ...resultFunctions(scope, foundation),
    ...reportFunctions(scope, foundation),
    ...deadLetterFunctions(scope, foundation),
    getQueue: queueFunction(scope, foundation, workers),
    ...serviceFunctions(scope, foundation),
  };
  for (const rated of Object.values(functions)) foundation.jobs.meteredBy(rated);
  return functions;
}

const callersIn = ({ tenants, admins }: Foundation['settings']) => ({
  CALLER_SETTINGS: JSON.stringify({ tenants, admins }),
});

/** What makes, stops, repeats and deletes jobs, and takes what they import. */
function controlFunctions(scope: Construct, { jobs, tasks, results, events, settings }: Foundation) {
  const variables = { ...jobs.variables, ...results.variables, ...events.variables, ...callersIn(settings) };

  const submitJob = new NodeFunction<SubmitJobEnv>(scope, routes.submitJob.function, {
    variables: {
      ...{ ...variables, ...tasks.variables, LOOPBACK_TARGETS: 'deny' },
      SCANNER_AVAILABILITY: JSON.stringify(settings.scanners),
    },
    settings,
  });
  jobs.usedBy(submitJob, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem');
  tasks.fedBy(submitJob);
  results.readBy(submitJob, 'config', 'health', 'uploads');
  results.writtenBy(submitJob, 'plans');
  events.sentBy(submitJob);

  const createUpload = new NodeFunction<CreateUploadEnv>(scope, routes.createUpload.function, {
    variables: { ...jobs.variables, ...results.variables, ...callersIn(settings) },
    settings,
  });
  jobs.usedBy(createUpload, 'PutItem');
  results.writtenBy(createUpload, 'uploads');

  const cancelJob = new NodeFunction<CancelJobEnv>(scope, routes.cancelJob.function, {
    variables: { ...variables, ...tasks.variables },
    settings,
  });
  jobs.usedBy(cancelJob, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem');
  tasks.fedBy(cancelJob);
  results.readBy(cancelJob, 'plans');
  events.sentBy(cancelJob);

  const retryJob = new NodeFunction<RetryJobEnv>(scope, routes.retryJob.function, {
    variables: { ...variables, ...tasks.variables },
    settings,
  });
  jobs.usedBy(retryJob, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem');
  tasks.fedBy(retryJob);
  results.readBy(retryJob, 'plans');
  events.sentBy(retryJob);

  const deleteJob = new NodeFunction<DeleteJobEnv>(scope, routes.deleteJob.function, {
    variables: { ...jobs.variables, ...results.variables, ...callersIn(settings) },
    settings,
  });
  jobs.usedBy(deleteJob, 'GetItem', 'BatchGetItem', 'Query', 'UpdateItem', 'BatchWriteItem');
  results.emptiedBy(deleteJob, 'results', 'plans', 'reports', 'evidence');

  return { createUpload, submitJob, cancelJob, retryJob, deleteJob };
}

/** What shows jobs. */
function readFunctions(scope: Construct, { jobs, results, settings }: Foundation) {
  const variables = { ...jobs.variables, ...callersIn(settings) };

  const listJobs = new NodeFunction<ListJobsEnv>(scope, routes.listJobs.function, { variables, settings });
  jobs.usedBy(listJobs, 'BatchGetItem', 'Query');

  const getJob = new NodeFunction<GetJobEnv>(scope, routes.getJob.function, {
    variables: { ...variables, ...results.variables },
    settings,
  });
  jobs.usedBy(getJob, 'GetItem', 'BatchGetItem', 'Query');
  results.readBy(getJob, 'plans');

  const watchJob = new NodeFunction<WatchJobEnv>(scope, routes.watchJob.function, {
    variables: { ...variables, ...results.variables },
    settings,
    timeout: WATCH_TIMEOUT,
  });
  jobs.usedBy(watchJob, 'GetItem', 'Query');
  results.readBy(watchJob, 'plans');

  const getTimeline = new NodeFunction<GetTimelineEnv>(scope, routes.getTimeline.function, { variables, settings });
  jobs.usedBy(getTimeline, 'GetItem', 'Query');

  const getStats = new NodeFunction<GetStatsEnv>(scope, routes.getStats.function, { variables, settings });
  jobs.usedBy(getStats, 'GetItem', 'Query');

  return { listJobs, getJob, watchJob, getTimeline, getStats };
}

/** What shows the results of jobs, in pages, and what proves them. */
function resultFunctions(scope: Construct, { jobs, results, settings }: Foundation) {
  const variables = { ...jobs.variables, ...results.variables, ...callersIn(settings) };

  const getFindings = new NodeFunction<GetFindingsEnv>(scope, routes.getFindings.function, { variables, settings });
  jobs.usedBy(getFindings, 'GetItem', 'Query');
  results.readBy(getFindings, 'results');

  const getCoverage = new NodeFunction<GetCoverageEnv>(scope, routes.getCoverage.function, { variables, settings });
  jobs.usedBy(getCoverage, 'GetItem', 'Query');
  results.readBy(getCoverage, 'plans', 'results');

  const getEvidence = new NodeFunction<GetEvidenceEnv>(scope, routes.getEvidence.function, { variables, settings });
  jobs.usedBy(getEvidence, 'GetItem', 'Query');
  // A link can do what its signer may: see shared/aws/signer.ts.
  results.readBy(getEvidence, 'results', 'evidence');

  return { getFindings, getCoverage, getEvidence };
}

function reportFunctions(scope: Construct, { jobs, results, events, settings }: Foundation) {
  const variables = { ...jobs.variables, ...results.variables, ...events.variables, ...callersIn(settings) };

  const exportReport = new NodeFunction<ExportReportEnv>(scope, routes.exportReport.function, {
    variables,
    settings,
    timeout: STREAM_TIMEOUT,
  });
  const reportLink = new NodeFunction<ReportLinkEnv>(scope, routes.reportLink.function, { variables, settings });
  for (const reporter of [exportReport, reportLink]) {
    jobs.usedBy(reporter, 'GetItem', 'BatchGetItem', 'Query');
    results.readBy(reporter, 'reports');
    events.sentBy(reporter);
  }
  results.readBy(exportReport, 'plans', 'results');
  return { exportReport, reportLink };
}

/** What shows dead letters, and gives them another life. */
function deadLetterFunctions(scope: Construct, { jobs, tasks, events, settings }: Foundation) {
  const variables = { ...jobs.variables, ...callersIn(settings) };

  const listDeadLetters = new NodeFunction<ListDeadLettersEnv>(scope, routes.listDeadLetters.function, {
    variables,
    settings,
  });
  jobs.usedBy(listDeadLetters, 'BatchGetItem', 'Query');

  const redriveDeadLetters = new NodeFunction<RedriveDeadLettersEnv>(scope, routes.redriveDeadLetters.function, {
    variables: { ...variables, ...tasks.variables, ...events.variables },
    settings,
  });
  jobs.usedBy(redriveDeadLetters, 'GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem');
  tasks.fedBy(redriveDeadLetters);
  events.sentBy(redriveDeadLetters);

  return { listDeadLetters, redriveDeadLetters };
}

function queueFunction(scope: Construct, { jobs, tasks, settings }: Foundation, workers: WorkerFleet) {
  const getQueue = new NodeFunction<GetQueueEnv>(scope, routes.getQueue.function, {
    variables: { ...jobs.variables, ...tasks.variables, ...workers.variables, ...callersIn(settings) },
    settings,
  });
  jobs.usedBy(getQueue, 'BatchGetItem', 'Query');
  tasks.watchedBy(getQueue);
  workers.watchedBy(getQueue);
  return getQueue;
}

/** What tells of the service itself. */
function serviceFunctions(scope: Construct, { jobs, results, settings }: Foundation) {
  const variables = { ...jobs.variables, ...callersIn(settings) };

  const getOpenapi = new NodeFunction<GetOpenapiEnv>(scope, routes.getOpenapi.function, { variables, settings });

  const getHealth = new NodeFunction<GetHealthEnv>(scope, routes.getHealth.function, { variables, settings });
  jobs.usedBy(getHealth, 'DescribeTable', 'DescribeTimeToLive');

  const listScanners = new NodeFunction<ListScannersEnv>(scope, routes.listScanners.function, {
    variables: { ...variables, ...results.variables, SCANNER_AVAILABILITY: JSON.stringify(settings.scanners) },
    settings,
  });
  jobs.usedBy(listScanners, 'Query');
  results.readBy(listScanners, 'config', 'health');

  return { getOpenapi, getHealth, listScanners };
}
