/** When a caller lets targets be scanned. A task waits until its window opens, and is stopped, or not begun, once it has closed. */

/** From `notBefore` on, and until just before `notAfter`; where one is absent, there is no bound on that side. */
export interface MaintenanceWindow {
  readonly notBefore?: string | undefined;
  readonly notAfter?: string | undefined;
}

export interface Windowed {
  readonly window?: MaintenanceWindow | undefined;
}

/** When it opens; undefined once it has. */
export const opensLater = ({ window }: Windowed, now: string): string | undefined =>
  window?.notBefore !== undefined && window.notBefore > now ? window.notBefore : undefined;

/** What sorts by opening, and is the same for the same window. */
export const windowOrder = ({ window: { notBefore = '', notAfter = '' } = {} }: Windowed): string =>
  `${notBefore} ${notAfter}`;

export const hasClosed = ({ window }: Windowed, now: string): boolean =>
  window?.notAfter !== undefined && window.notAfter <= now;
