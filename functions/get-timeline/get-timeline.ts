/** What happened to a job and who did it, oldest first. */
import type { getTimelineRoute, TimelineResponse } from '#shared/contracts/timeline.ts';
import { readVisibleJob } from '#shared/job/records.ts';
import type { JobStore } from '#shared/job/store.ts';
import { timelineOf, timelinePage } from '#shared/job/timeline.ts';
import { readCursor, writeCursor } from '../middleware/cursor.ts';
import type { HttpAnswer, HttpRequest } from '../middleware/http.ts';

export interface GetTimelineDeps {
  readonly jobs: Pick<JobStore, 'readJob' | 'readTasks' | 'readEvents'>;
}

/** Each page reads the whole history, as GET /jobs/{jobId} reads all tasks: both are bounded by the tasks a job may have. */
export async function getTimeline(
  { jobs }: GetTimelineDeps,
  { caller, path, query }: HttpRequest<typeof getTimelineRoute>,
): Promise<HttpAnswer> {
  const { jobId } = await readVisibleJob(jobs, caller, path.jobId);
  const listed = { timelineOf: jobId };
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor, listed);
  const [events, tasks] = await Promise.all([jobs.readEvents(jobId), jobs.readTasks(jobId)]);
  const page = timelinePage(timelineOf(events, tasks), query.limit, after);
  const body: TimelineResponse = {
    events: [...page.items],
    ...(page.after === undefined ? {} : { nextCursor: writeCursor(page.after, listed) }),
  };
  return { status: 200, body };
}
