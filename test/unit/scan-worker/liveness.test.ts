import { mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { showLife } from '#containers/scan-worker/liveness.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'liveness-'));
  vi.useFakeTimers({ toFake: ['setInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
    rmSync(path, { recursive: true });
  });
  return path;
}

it('touches its file at once and again every ten seconds', () => {
  const file = join(folder(), 'alive');
  const warn = vi.fn();
  showLife(file, { warn });
  expect(statSync(file).mtimeMs).toBeGreaterThan(0);
  utimesSync(file, 0, 0);
  vi.advanceTimersByTime(9_999);
  expect(statSync(file).mtimeMs).toBe(0);
  vi.advanceTimersByTime(1);
  expect(statSync(file).mtimeMs).toBeGreaterThan(0);
  expect(warn).not.toHaveBeenCalled();
});

it('says that it cannot, and lets the worker go on', () => {
  const file = join(folder(), 'absent', 'alive');
  const warn = vi.fn();
  showLife(file, { warn });
  expect(warn).toHaveBeenCalledWith('the liveness file cannot be touched', expect.objectContaining({ file }));
});
