/** The functions that answer callers, one a route, each with the rights its decision needs. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Env as CancelJobEnv } from '#functions/cancel-job/env.ts';
import type { Env as ExportReportEnv } from '#functions/export-report/env.ts';
import type { Env as GetHealthEnv } from '#functions/get-health/env.ts';
import type { Env as GetJobEnv } from '#functions/get-job/env.ts';
import type { Env as GetOpenapiEnv } from '#functions/get-openapi/env.ts';
import type { Env as ListJobsEnv } from '#functions/list-jobs/env.ts';
import type { Env as ReportLinkEnv } from '#functions/report-link/env.ts';
import type { Env as SubmitJobEnv } from '#functions/submit-job/env.ts';
import { type RouteName, routes } from '#shared/contracts/routes.ts';
import { NodeFunction } from './constructs/node-function.ts';
import type { Foundation } from './foundation.ts';

/** A streamed answer may take as long as a Lambda may (API Gateway developer guide, "Response streaming"). */
const STREAM_TIMEOUT = Duration.minutes(15);

export function apiFunctions(
  scope: Construct,
  { jobs, tasks, results, events, settings }: Foundation,
): Record<RouteName, NodeFunction> {
  const { tenants, admins, limits } = settings;
  const callers = { CALLER_SETTINGS: JSON.stringify({ tenants, admins }) };
  const reports = { ...jobs.variables, ...results.variables, ...events.variables, ...callers };

  const submitJob = new NodeFunction<SubmitJobEnv>(scope, routes.submitJob.function, {
    variables: { ...reports, ...tasks.variables, LOOPBACK_TARGETS: 'deny' },
    limits,
  });
  jobs.writtenBy(submitJob);
  tasks.fedBy(submitJob);
  results.readBy(submitJob, 'config');
  results.writtenBy(submitJob, 'plans');
  events.sentBy(submitJob);

  const listJobs = new NodeFunction<ListJobsEnv>(scope, routes.listJobs.function, {
    variables: { ...jobs.variables, ...callers },
    limits,
  });
  jobs.readBy(listJobs);

  const getJob = new NodeFunction<GetJobEnv>(scope, routes.getJob.function, {
    variables: { ...jobs.variables, ...results.variables, ...callers },
    limits,
  });
  jobs.readBy(getJob);
  results.readBy(getJob, 'plans');

  const cancelJob = new NodeFunction<CancelJobEnv>(scope, routes.cancelJob.function, { variables: reports, limits });
  jobs.writtenBy(cancelJob);
  results.readBy(cancelJob, 'plans');
  events.sentBy(cancelJob);

  const exportReport = new NodeFunction<ExportReportEnv>(scope, routes.exportReport.function, {
    variables: reports,
    limits,
    timeout: STREAM_TIMEOUT,
  });
  const reportLink = new NodeFunction<ReportLinkEnv>(scope, routes.reportLink.function, { variables: reports, limits });
  for (const reporter of [exportReport, reportLink]) {
    jobs.readBy(reporter);
    results.readBy(reporter, 'plans', 'results', 'reports');
    events.sentBy(reporter);
  }

  const plain = { variables: { ...jobs.variables, ...callers }, limits };
  const getOpenapi = new NodeFunction<GetOpenapiEnv>(scope, routes.getOpenapi.function, plain);
  const getHealth = new NodeFunction<GetHealthEnv>(scope, routes.getHealth.function, plain);

  const functions = { submitJob, listJobs, getJob, cancelJob, exportReport, reportLink, getOpenapi, getHealth };
  for (const rated of Object.values(functions)) jobs.meteredBy(rated);
  return functions;
}
