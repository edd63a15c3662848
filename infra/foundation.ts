/** What the functions and the workers stand on. */
import type { EvidenceKey } from './constructs/evidence-key.ts';
import type { JobEvents } from './constructs/job-events.ts';
import type { JobTable } from './constructs/job-table.ts';
import type { ResultsBucket } from './constructs/results-bucket.ts';
import type { TaskQueues } from './constructs/task-queues.ts';
import type { Settings } from './settings.ts';

export interface Foundation {
  readonly jobs: JobTable;
  readonly tasks: TaskQueues;
  readonly results: ResultsBucket;
  readonly events: JobEvents;
  readonly evidence: EvidenceKey;
  readonly settings: Settings;
}
