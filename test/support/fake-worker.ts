/**
 * Stands in for the scan worker where only its process matters. Prints one JSON line with what it was given, then does as the
 * variable FAKE_WORKER says: `exit CODE`, `sleep` (ends by SIGTERM with 0), `deaf` (ignores SIGTERM).
 */
import { closeSync, readFileSync } from 'node:fs';

export interface FakeWorkerSaw {
  readonly pid: number;
  readonly credentialsUri: string;
  readonly environ: readonly string[];
}

const credentialsUri = readFileSync(3, 'utf8').trim();
closeSync(3);
const environ = readFileSync('/proc/self/environ', 'utf8').split('\0').filter(Boolean);
const [act = '', code = '0'] = (process.env.FAKE_WORKER ?? 'sleep').split(' ');
if (act === 'sleep') process.on('SIGTERM', () => process.exit(0));
if (act === 'deaf') process.on('SIGTERM', () => undefined);
process.stdout.write(`${JSON.stringify({ pid: process.pid, credentialsUri, environ } satisfies FakeWorkerSaw)}\n`);
if (act === 'exit') process.exitCode = Number(code);
else setInterval(() => undefined, 60_000);
