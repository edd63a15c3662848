/** The part of a job's trace that one attempt at one task is: from its claim to its end, with the phases between. */
import type { Job } from '#shared/job/job.ts';
import { newSegmentId, type Segment, type Subsegment } from '#shared/observability/trace.ts';
import type { Task } from '#shared/task/task.ts';
import type { Ending } from './ending.ts';

/** Its node in X-Ray's map. */
const NAME = 'scan-worker';

export interface TaskTrace {
  /** Known once the job has been read. */
  belongsTo(job: Pick<Job, 'traceId' | 'traceParent'>): void;
  /** Does `work`, and tells how long it took. */
  during<T>(phase: 'prepare' | 'scan' | 'upload' | 'finish', work: () => Promise<T>): Promise<T>;
  /** How the attempt ends, once that is decided. */
  endsAs(ending: Ending): void;
  /** What to send; undefined where the job's request was not sampled. */
  end(): Segment | undefined;
}

export function traceTask(
  { jobId, taskId, attempt, scanner }: Pick<Task, 'jobId' | 'taskId' | 'attempt' | 'scanner'>,
  now: () => Date,
): TaskTrace {
  const seconds = () => now().getTime() / 1000;
  const start_time = seconds();
  const subsegments: Subsegment[] = [];
  let of: Pick<Job, 'traceId' | 'traceParent'> | undefined;
  let endsAs = 'unknown';
  return {
    belongsTo(job) {
      of = job;
    },
    async during(name, work) {
      const began = seconds();
      let fault = true;
      try {
        const done = await work();
        fault = false;
        return done;
      } finally {
        subsegments.push({ name, id: newSegmentId(), start_time: began, end_time: seconds(), fault });
      }
    },
    endsAs(ending) {
      endsAs = ending.do === 'finish' ? ending.end.status : ending.do;
    },
    end() {
      if (of?.traceParent === undefined) return undefined;
      return {
        name: NAME,
        id: newSegmentId(),
        trace_id: of.traceId,
        parent_id: of.traceParent,
        start_time,
        end_time: seconds(),
        fault: subsegments.some(({ fault }) => fault),
        annotations: { jobId, taskId, attempt, scanner, endsAs },
        subsegments,
      };
    },
  };
}
