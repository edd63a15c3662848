/** Times as scanners write them. */

/** From the year 0 to 9999: ISO 8601 writes others in another form. */
const [FIRST_MS, END_MS] = [Date.UTC(0, 0), 253_402_300_800_000];

/** RFC 3339 in any zone and precision as ISO 8601 in UTC with milliseconds; undefined for what is no time. */
export function isoOf(text: string): string | undefined {
  const ms = Date.parse(text);
  return ms >= FIRST_MS && ms < END_MS ? new Date(ms).toISOString() : undefined;
}
