/** GET /jobs/{jobId}/timeline: 200 with a page of what happened; 400 for a bad cursor; 404. Entry file: the decision is in get-timeline.ts. */
import { dynamoDbClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { getTimelineRoute } from '#shared/contracts/timeline.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { getTimeline } from './get-timeline.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now: () => new Date() });

export const handler = httpHandler(getTimelineRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  getTimeline({ jobs }, request),
);
