/** Values of options as people write them. Each parser throws commander's InvalidArgumentError, which names the option. */
import { InvalidArgumentError } from 'commander';
import { JobId } from '#shared/contracts/ids.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90`, `90s`, `15m`, `2h` or `1d`. */
export function durationSeconds(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (amount === undefined)
    throw new InvalidArgumentError('Allowed: seconds, or a number with s, m, h or d, as in 90, 15m, 2h.');
  return Number(amount) * (UNIT_SECONDS[unit] ?? 1);
}

/** An ISO 8601 time or date, or how long ago, as in `24h`; as the API writes it. */
export const instant = (text: string, now: Date): string => readInstant(text, now, -1, 'how long ago, as in 24h');

/** The same for what is to come: `2h` is in two hours. */
export const comingInstant = (text: string, now: Date): string => readInstant(text, now, 1, 'in how long, as in 2h');

function readInstant(text: string, now: Date, direction: 1 | -1, duration: string): string {
  const offsetMs = /^\d{1,9}[smhd]$/.test(text) ? direction * durationSeconds(text) * 1_000 : undefined;
  const isTime = /^\d{4}-\d\d-\d\d(T|$)/.test(text);
  const time = new Date(offsetMs === undefined ? (isTime ? text : Number.NaN) : now.getTime() + offsetMs);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError(
      `Allowed: an ISO 8601 date or time, as in 2026-01-31 or 2026-01-31T12:00:00Z, or ${duration}.`,
    );
  return time.toISOString();
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Allowed: a whole number from 1.');
  return Number(text);
}

/** Of US dollars, above 0. */
export function dollarAmount(text: string): number {
  const amount = Number(text);
  if (!(text.trim() !== '' && amount > 0 && Number.isFinite(amount)))
    throw new InvalidArgumentError('Allowed: an amount of US dollars above 0, as in 0.50.');
  return amount;
}

/** A checked id: another spelling would only come back as "not found". */
export function jobId(text: string): string {
  const parsed = JobId.safeParse(text.toLowerCase());
  if (!parsed.success) throw new InvalidArgumentError('Allowed: a job id, as `scanfleet list` shows it.');
  return parsed.data;
}

/** `key=value` parts, collected. */
export function labels(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Allowed: key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
