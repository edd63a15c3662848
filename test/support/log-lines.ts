/** Reads the log instead of letting it run into the test's own output. */
import { Writable } from 'node:stream';
import { logTo } from '#shared/observability/output.ts';

/** From here on log and metric lines go here, parsed; `raw` keeps them as written. */
export function captureLog(): { readonly lines: Record<string, unknown>[]; readonly raw: string[] } {
  const captured = { lines: [] as Record<string, unknown>[], raw: [] as string[] };
  logTo(
    new Writable({
      decodeStrings: false,
      write(line: string, _encoding, done) {
        captured.raw.push(line);
        captured.lines.push(JSON.parse(line));
        done();
      },
    }),
  );
  return captured;
}
