import { EventEmitter } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { shutdownSignal } from '#containers/scan-worker/shutdown.ts';
import { silentLog } from '#test/support/silent-log.ts';

afterEach(() => vi.useRealTimers());

function begin() {
  vi.useFakeTimers();
  const codes: number[] = [];
  const emitter = new EventEmitter();
  const of = { on: emitter.on.bind(emitter), exit: (code: number) => void codes.push(code) };
  const signal = shutdownSignal(of, { shutdownSeconds: 60 }, silentLog);
  return { emitter, codes, signal };
}

it.each(['SIGTERM', 'SIGINT'])('begins with the first %s', (name) => {
  const { emitter, codes, signal } = begin();
  expect(signal.aborted).toBe(false);
  emitter.emit(name, name);
  expect(signal.aborted).toBe(true);
  expect(codes).toEqual([]);
});

it('is at once with the second signal', () => {
  const { emitter, codes } = begin();
  emitter.emit('SIGINT', 'SIGINT');
  emitter.emit('SIGTERM', 'SIGTERM');
  expect(codes).toEqual([1]);
});

it('does not wait beyond its time', () => {
  const { emitter, codes } = begin();
  emitter.emit('SIGTERM', 'SIGTERM');
  vi.advanceTimersByTime(59_999);
  expect(codes).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(codes).toEqual([1]);
});
