/** The port of the event bus. An event is a hint: losing or repeating one changes nothing but time. */
import type { JobFinishedDetail, JobSubmittedDetail, ReportRequestedDetail } from './contracts/events.ts';
import type { Denials } from './target/denials.ts';

export interface Events {
  jobSubmitted(detail: JobSubmittedDetail): Promise<void>;
  jobFinished(detail: JobFinishedDetail): Promise<void>;
  reportRequested(detail: ReportRequestedDetail): Promise<void>;
  targetsDenied(detail: Denials): Promise<void>;
}
