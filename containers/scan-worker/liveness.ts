/** Shows that this process still does something: a file whose time of change the container's health check looks at. */
import { closeSync, futimesSync, openSync } from 'node:fs';
import { LIVENESS } from '#shared/names.ts';
import type { Log } from './log.ts';

/** Touches `file` now and every few seconds for as long as the event loop turns; it keeps no process alive. Never throws: it is only seen. */
export function showLife(file: string, log: Pick<Log, 'warn'>): void {
  const touch = () => {
    try {
      const descriptor = openSync(file, 'a', 0o600);
      futimesSync(descriptor, new Date(), new Date());
      closeSync(descriptor);
    } catch (error) {
      log.warn('the liveness file cannot be touched', { file, error });
    }
  };
  touch();
  setInterval(touch, LIVENESS.everySeconds * 1_000).unref();
}
