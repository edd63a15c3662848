import type { Log } from '#containers/scan-worker/log.ts';

/** A log nobody reads. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
