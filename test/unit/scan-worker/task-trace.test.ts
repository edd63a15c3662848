import { expect, it } from 'vitest';
import { traceTask } from '#containers/scan-worker/task-trace.ts';

const TRACE = { traceId: '1-67891233-abcdef012345678912345678', traceParent: '53995c3f42cd8ad8' };
const TASK = { jobId: 'j', taskId: '0001', attempt: 2, scanner: 'nmap' as const };
const ID = expect.stringMatching(/^[0-9a-f]{16}$/);

/** A clock that is one second on at every look, from second 100. */
function ticking(): () => Date {
  let seconds = 99;
  return () => {
    seconds += 1;
    return new Date(seconds * 1000);
  };
}

it('tells how long an attempt took, phase by phase, under the segment of the submit', async () => {
  const trace = traceTask(TASK, ticking());
  trace.belongsTo(TRACE);
  expect(await trace.during('scan', async () => 'scanned')).toBe('scanned');
  await trace.during('finish', async () => undefined);
  trace.endsAs({ do: 'finish', end: { status: 'completed' } });
  expect(trace.end()).toEqual({
    name: 'scan-worker',
    id: ID,
    trace_id: TRACE.traceId,
    parent_id: TRACE.traceParent,
    start_time: 100,
    end_time: 105,
    fault: false,
    annotations: { jobId: 'j', taskId: '0001', attempt: 2, scanner: 'nmap', endsAs: 'completed' },
    subsegments: [
      { name: 'scan', id: ID, start_time: 101, end_time: 102, fault: false },
      { name: 'finish', id: ID, start_time: 103, end_time: 104, fault: false },
    ],
  });
});

it('marks the phase in which something went wrong, and passes the error on', async () => {
  const trace = traceTask(TASK, ticking());
  trace.belongsTo(TRACE);
  await expect(trace.during('upload', () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
  trace.endsAs({ do: 'put_back', reason: 'transient_failure', delaySeconds: 3 });
  expect(trace.end()).toMatchObject({
    fault: true,
    annotations: { endsAs: 'put_back' },
    subsegments: [{ name: 'upload', fault: true }],
  });
});

it('has nothing to send for a request that was not sampled, nor before the job is known', () => {
  const trace = traceTask(TASK, ticking());
  expect(trace.end()).toBeUndefined();
  trace.belongsTo({ traceId: TRACE.traceId });
  expect(trace.end()).toBeUndefined();
});
