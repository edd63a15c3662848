/** Instants as stored: ISO 8601, UTC, with milliseconds. Such texts sort as the times do. */

export const instant = (epochMs: number): string => new Date(epochMs).toISOString();
/** `seconds` after `at`, or before it when negative. */
export const secondsAfter = (at: string | Date, seconds: number): string => instant(epochMsOf(at) + seconds * 1000);
export const epochMsOf = (at: string | Date): number => (typeof at === 'string' ? Date.parse(at) : at.getTime());
/** From `now` to `at`; 0 or less when there is none left. */
export const wholeSecondsUntil = (at: string, now: string): number =>
  Math.floor((epochMsOf(at) - epochMsOf(now)) / 1000);
/** As DynamoDB's TTL counts; rounded up, so that nothing expires early. */
export const epochSecondsOf = (at: string | Date): number => Math.ceil(epochMsOf(at) / 1000);
