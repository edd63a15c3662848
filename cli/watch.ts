/** The answer to GET /jobs/{jobId}/watch: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import { JobView } from '#shared/contracts/job.ts';
import { CorruptError, ScanfleetError, UnavailableError } from '#shared/errors.ts';
import { linesOf } from '#shared/text-lines.ts';
import { parseJson } from './exchange.ts';

/** A job as it was at one moment. */
export interface WatchedJob {
  /** Stands for this state: sent back as Last-Event-ID, it is not told again. */
  readonly id: string;
  readonly job: JobView;
}

/** Three times what the service lets pass without a word. */
const LONGEST_SILENCE_MS = 45_000;

/**
 * Each state as it comes; ends when the answer does. Throws UnavailableError when the connection breaks or falls silent, CorruptError
 * for what is not this stream, and `signal`'s reason when it was aborted.
 */
export async function* watchedJobs(response: Response, signal: AbortSignal): AsyncGenerator<WatchedJob> {
  if (response.body === null || response.status === 204) return;
  try {
    for await (const { id, data } of eventsOf(unlessSilent(response.body))) {
      const job = JobView.safeParse(parseJson(data));
      if (!job.success) throw new CorruptError('unexpected_answer', 'an event of the service is not a job');
      yield { id, job: job.data };
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ScanfleetError) throw cause;
    throw new UnavailableError('watch_broken', 'the connection broke', { cause });
  }
}

interface ServerEvent {
  readonly id: string;
  readonly data: string;
}

/** Section 9.2.6, of what our service sends: lines end in LF, and all types of event hold the same. One that was cut is none. */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let id = '';
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    const [, field, value = ''] = /^(\w*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'id') id = value;
    if (field === 'data') data.push(value);
    if (line !== '' || data.length === 0) continue;
    yield { id, data: data.join('\n') };
    data = [];
  }
}

async function* unlessSilent(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let silent = false;
  const leave = () => reader.cancel().catch(() => undefined);
  const watchdog = setTimeout(() => {
    silent = true;
    leave();
  }, LONGEST_SILENCE_MS);
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      watchdog.refresh();
      yield chunk.value;
    }
  } finally {
    clearTimeout(watchdog);
    leave();
  }
  if (silent) throw new UnavailableError('watch_silent', 'the service fell silent');
}
