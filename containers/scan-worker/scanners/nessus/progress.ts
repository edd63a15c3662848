/** How far a scan on a Nessus server is, by what our own run says of it (run.ts). */

import type { Progress } from '#shared/task/task.ts';
import { isObject, numberAt } from '../../json/fields.ts';
import type { ProgressReader } from '../../scanner.ts';

/** Percent never falls, though Nessus finds hosts as it goes. 100 is for the end. */
export function nessusProgress(): ProgressReader {
  let latest: Progress | undefined;
  return {
    write(_stream, chunk) {
      const said = statusIn(Buffer.from(chunk).toString());
      if (said === undefined) return;
      const { status, current, total, hosts } = said;
      const percent = total > 0 ? Math.min(99, Math.floor((100 * current) / total)) : 0;
      latest = {
        ...{ current, total: Math.max(total, current) },
        percent: Math.max(latest?.percent ?? 0, percent),
        message: `${status}, ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`,
      };
    },
    latest: () => latest,
  };
}

/** Undefined for a line that is something else. Each is written whole. */
function statusIn(line: string) {
  if (!line.startsWith('{')) return undefined;
  const value: unknown = JSON.parse(line);
  if (!isObject(value)) return undefined;
  const amount = (key: string) => numberAt(value, key) ?? 0;
  return { status: String(value.status), current: amount('current'), total: amount('total'), hosts: amount('hosts') };
}
