import { beforeEach, describe, expect, it } from 'vitest';
import { streamHandler } from '#functions/middleware/stream.ts';
import { watchJob } from '#functions/watch-job/watch-job.ts';
import { installAwsLambda } from '#local/gateway/awslambda.ts';
import { JobView } from '#shared/contracts/job.ts';
import { routes } from '#shared/contracts/routes.ts';
import type { JobAndTasks } from '#shared/job/store.ts';
import { readEventStream, type ServerSentEvent } from '#test/support/event-stream.ts';
import { aJob, aSpec, aTask, JOB_ID } from '#test/support/job-records.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { CALLERS, callStreaming, OTHER_ARN, type TestRequest } from '#test/support/proxy-event.ts';

installAwsLambda();

const running = (percent: number, changes: Partial<JobAndTasks['job']> = {}): JobAndTasks => {
  const job = aJob({ status: 'running', openCount: 1, live: 1, ...changes });
  const progress = { current: percent, total: 100, percent, message: 'scanning' };
  return { job, tasks: [aTask({ status: 'running', round: job.round, progress })] };
};
const ended: JobAndTasks = { job: aJob({ status: 'completed' }), tasks: [aTask()] };
const GONE = 'gone';

/** How the job is from a second on; the first is how it is at the start. What is `old` is seen by eventually consistent reads alone. */
let story: [seconds: number, state: JobAndTasks | typeof GONE, old?: 'old'][];
let nowMs: number;
let pauses: number[];
let reads: { strong: number; eventual: number };

beforeEach(() => {
  captureLog();
  nowMs = 0;
  pauses = [];
  reads = { strong: 0, eventual: 0 };
});

function current(eventually = false): JobAndTasks | undefined {
  const now = story.filter(([seconds, , old]) => seconds * 1_000 <= nowMs && (eventually || old === undefined)).at(-1);
  return now === undefined || now[1] === GONE ? undefined : now[1];
}

const deps = {
  jobs: {
    readJob: async () => {
      reads.strong += 1;
      return current()?.job;
    },
    readSpec: async () => aSpec(),
    readTasks: async () => current()?.tasks ?? [],
    peekJobAndTasks: async () => {
      reads.eventual += 1;
      return current(true);
    },
  },
  results: memoryResults(),
  now: () => new Date(nowMs),
  sleep: async (ms: number) => {
    pauses.push(ms);
    nowMs += ms;
  },
};
const handler = streamHandler(
  routes.watchJob,
  { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS },
  (request, clientGone) => watchJob(deps, request, clientGone),
);
const watch = (headers: Record<string, string> = {}, request: TestRequest = {}) =>
  callStreaming(handler, { path: `/jobs/${JOB_ID}/watch`, pathParameters: { jobId: JOB_ID }, headers, ...request });

/** The events of an answer, their data as what they are: `<type> <status> <percent>`. */
const told = (events: readonly ServerSentEvent[]) =>
  events.map(({ type, data }) => {
    const { status, percent } = JobView.parse(JSON.parse(data));
    return `${type} ${status} ${percent}`;
  });

describe('GET /jobs/{jobId}/watch', () => {
  it('tells the job as it is, each change once, and its end at last', async () => {
    story = [[0, running(10)], [2, running(30)], [6, running(60)], [8, ended]]; // biome-ignore format: one line
    const { status, headers, text } = await watch();
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'text/event-stream',
      'no-store',
    ]);
    expect(told(readEventStream(text).events)).toEqual([
      'job running 10',
      'job running 30',
      'job running 60',
      'end completed 100',
    ]);
  });

  it('of a job that has ended is its end, at once', async () => {
    story = [[0, ended]];
    expect(told(readEventStream((await watch()).text).events)).toEqual(['end completed 100']);
    expect([pauses, reads.eventual]).toEqual([[], 0]);
  });

  it('does not tell again what the client saw last, but tells what it missed', async () => {
    story = [[0, running(10)], [70, ended]]; // biome-ignore format: one line
    const [first] = readEventStream((await watch()).text).events as [ServerSentEvent];
    nowMs = 60_000;
    const second = readEventStream((await watch({ 'Last-Event-ID': first.id })).text).events;
    expect(told(second)).toEqual(['end completed 100']);
    nowMs = 80_000;
    const late = readEventStream((await watch({ 'Last-Event-ID': first.id })).text).events;
    expect(late).toEqual(second);
  });

  it('is over for a client that has seen the end', async () => {
    story = [[0, ended]];
    const [end] = readEventStream((await watch()).text).events as [ServerSentEvent];
    const { status, text } = await watch({ 'Last-Event-ID': end.id });
    expect([status, text]).toEqual([204, '']);
  });

  it('gives the same state the same id, and every other state another', async () => {
    story = [[0, running(10)], [2, running(30)], [4, running(10)], [6, ended]]; // biome-ignore format: one line
    const [first, second, third] = readEventStream((await watch()).text).events;
    expect(first?.id).not.toBe(second?.id);
    expect(third?.id).toBe(first?.id);
  });

  it('lasts 55 s, says every 15 s that it is still there, and when to come back', async () => {
    story = [[0, running(10)]];
    const { events, comments, retryMs } = readEventStream((await watch()).text);
    expect(nowMs).toBe(55_000);
    expect([events.length, comments, retryMs]).toEqual([1, 3, 1_000]);
  });

  it('begins at once for a client that has seen the present state', async () => {
    story = [[0, running(10)]];
    const [first] = readEventStream((await watch()).text).events;
    expect((await watch({ 'Last-Event-ID': String(first?.id) })).text).toMatch(/^retry: 1000\n\n:\n\n/);
  });

  it('looks once a second after a change, ever more seldom without one, every 3 s at least', async () => {
    story = [[0, running(10)], [30, running(20)]]; // biome-ignore format: one line
    await watch();
    expect(pauses.slice(0, 3)).toEqual([1_000, 1_250, 1_563]);
    expect(Math.min(...pauses.slice(0, -1))).toBe(1_000);
    expect(Math.max(...pauses)).toBe(3_000);
    expect(pauses.lastIndexOf(1_000)).toBeGreaterThan(5);
    expect(reads).toEqual({ strong: 1, eventual: pauses.length });
  });

  it('looks at a job of many tasks more seldom, as each look costs more', async () => {
    story = [[0, { ...running(10), tasks: Array.from({ length: 1_000 }, () => aTask({ status: 'queued' })) }]];
    await watch();
    expect(new Set(pauses)).toEqual(new Set([5_000]));
  });

  it.each([
    ['an earlier state', running(10, { round: 2, status: 'queued' })],
    ['more open tasks', running(10, { round: 2, openCount: 2 })],
    ['an earlier round', running(10)],
    ['the end of an earlier round', ended],
  ])('is not misled by a read that finds %s', async (_what, old) => {
    story = [[0, running(20, { round: 2 })], [2, old, 'old'], [4, running(40, { round: 2 })]]; // biome-ignore format: one line
    const { events } = readEventStream((await watch()).text);
    expect(told(events)).toEqual(['job running 20', 'job running 40']);
  });

  it('tells of the next round when the job was retried', async () => {
    story = [[0, running(20)], [2, running(0, { round: 2, status: 'queued', openCount: 1 })], [4, ended]]; // biome-ignore format: one line
    expect(told(readEventStream((await watch()).text).events)).toEqual([
      'job running 20',
      'job queued 0',
      'end completed 100',
    ]);
  });

  it('reads the end again strongly consistent: it is the last word', async () => {
    story = [[0, running(20)], [2, ended]]; // biome-ignore format: one line
    await watch();
    expect(reads.strong).toBe(2);
  });

  it('ends when the job is deleted meanwhile', async () => {
    story = [[0, running(20)], [2, GONE]]; // biome-ignore format: one line
    expect(told(readEventStream((await watch()).text).events)).toEqual(['job running 20']);
    expect(nowMs).toBeLessThan(5_000);
  });

  it('looks no more once its client is gone', async () => {
    story = [[0, running(20)]];
    const leaving = new AbortController();
    const sleep = async () => leaving.abort();
    const handled = streamHandler(
      routes.watchJob,
      { jobs: { takeToken: async () => ({ ok: true }) }, callers: CALLERS },
      (request) => watchJob({ ...deps, sleep }, request, leaving.signal),
    );
    const { text } = await callStreaming(handled, { pathParameters: { jobId: JOB_ID } });
    expect(told(readEventStream(text).events)).toEqual(['job running 20']);
    expect(reads.eventual).toBe(0);
  });

  it("does not show another tenant's job", async () => {
    story = [[0, running(20)]];
    const { status, json } = await watch({}, { userArn: OTHER_ARN });
    expect([status, json.code]).toEqual([404, 'job_not_found']);
  });
});
