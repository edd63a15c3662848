/**
 * Where log and metric lines go: standard error, which Lambda and Fargate send to CloudWatch Logs just like standard output, and which
 * leaves standard output free for data when the same code runs in a process of the user's. Local mode points it at a file.
 */
import type { Writable } from 'node:stream';

let output: Writable = process.stderr;

/** Sends all further lines to `stream`. For entry files and tests. */
export function logTo(stream: Writable): void {
  output = stream;
}

/** Characters that JSON leaves as they are and that can rewrite what a terminal shows: C1 controls, bidirectional and other formatting marks. */
const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;
const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** Writes one line of JSON, safe to read in a terminal whatever texts it quotes. */
export function writeLine(json: string): void {
  output.write(`${json.replace(UNSEEN, escaped)}\n`);
}
