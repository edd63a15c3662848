import { expect, it } from 'vitest';
import { errorOfStop, type WorkerStop } from '#shared/task/stopped-worker.ts';

const EXITED = { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' };
const SPOT = { stopCode: 'SpotInterruption', stoppedReason: 'Your Spot Task was interrupted.' };
const KILLED = 'OutOfMemoryError: Container killed due to memory usage';
const PULL = 'CannotPullContainerError: pull image manifest has been retried 5 time(s)';

// biome-ignore format: a table reads by column
it.each<[what: string, stop: WorkerStop, code: string | undefined]>([
  ['that ended when it was idle',              { ...EXITED, exitCode: 0 },                               undefined],
  ['that was told to stop, and did',           { stopCode: 'UserInitiated', exitCode: 0 },               undefined],
  ['that gave its tasks back before a reclaim', { ...SPOT, exitCode: 0 },                                undefined],
  ['that the kernel killed',                   { ...EXITED, exitCode: 137, containerReason: KILLED },    'oom'],
  ['that somebody unknown killed',             { ...EXITED, exitCode: 137 },                             'worker_failed'],
  ['that crashed long after a scanner of it was killed for want of memory', { ...EXITED, exitCode: 1, containerReason: KILLED }, 'worker_failed'],
  ['that stopped well, though a scanner of it was killed', { stopCode: 'UserInitiated', exitCode: 0, containerReason: KILLED }, undefined],
  ['that was short of memory when told to stop', { stopCode: 'UserInitiated', containerReason: KILLED }, 'oom'],
  ['that did not stop in time when told to',   { stopCode: 'UserInitiated', exitCode: 137 },             'worker_stopped'],
  ['that was reclaimed and killed',            { ...SPOT, exitCode: 137 },                               'spot_reclaimed'],
  ['whose image is not there',                 { stopCode: 'TaskFailedToStart', stoppedReason: PULL },   'image_unavailable'],
  ['that got no network',                      { stopCode: 'TaskFailedToStart', stoppedReason: 'ResourceInitializationError' }, 'worker_not_started'],
  ['that crashed',                             { ...EXITED, exitCode: 1 },                               'worker_failed'],
  ['whose platform was retired',               { stopCode: 'TerminationNotice', exitCode: 143 },         'worker_stopped'],
  ['of which nothing is known',                {},                                                       'worker_stopped'],
])('a worker %s: %#', (_what, stop, code) => expect(errorOfStop(stop)?.code).toBe(code));

it('says what ECS said, each thing once and within bounds, and that another try can help', () => {
  expect(errorOfStop({ ...EXITED, exitCode: 137, containerReason: KILLED })).toEqual({
    code: 'oom',
    message: `its worker was killed for want of memory (exit code 137; ${KILLED}; Essential container in task exited)`,
    retryable: true,
  });
  const twice = { stopCode: 'TaskFailedToStart', stoppedReason: PULL, containerReason: PULL };
  expect(errorOfStop(twice)?.message).toBe(`the worker's image could not be pulled (${PULL})`);
  expect(errorOfStop({})?.message).toBe('its worker was stopped (no reason given)');
  expect(errorOfStop({ stoppedReason: 'x'.repeat(1_000) })?.message).toHaveLength(500);
});
