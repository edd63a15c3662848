/** DynamoDB on this machine: dynoxide, a static binary that comes as an npm package. It checks no signature (see loopback.ts). */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '#shared/errors.ts';
import { type ProcessEnd, type ProcessSpec, startProcess } from '../process.ts';
import type { Emulator } from './emulator.ts';
import { freePort, randomLoopback } from './loopback.ts';

const PACKAGE = '@dynoxide/linux-x64';
const POLL_MS = 5;
const START_MS = 10_000;
const MAX_TRIES = 5;
const PORT_IN_USE = /port \d+ is already in use/;

/**
 * Starts it with its data in `file`, or in memory without one. UnavailableError `dynamodb_not_available` where there is no build for this
 * machine, `dynamodb_not_started` when it ends or stays silent (its last words are in the message).
 */
export async function startDynamoDb({ file }: { file?: string } = {}): Promise<Emulator> {
  const spec = { file: binary(), args: file ? ['--db-path', file] : [], env: {} };
  for (let tries = 1; ; tries += 1) {
    const started = await tryToStart(spec);
    if (typeof started !== 'string') return started;
    // Somebody was faster at the port we found free.
    if (tries < MAX_TRIES && PORT_IN_USE.test(started)) continue;
    throw new UnavailableError('dynamodb_not_started', `The DynamoDB emulator did not start: ${started}`);
  }
}

/** The emulator, or why it did not start. */
async function tryToStart({ args, ...spec }: ProcessSpec): Promise<Emulator | string> {
  const host = randomLoopback();
  const port = await freePort(host);
  const endpoint = `http://${host}:${port}`;
  const child = await startProcess({ ...spec, args: ['--host', host, '--port', String(port), ...args] });
  const waiting = new AbortController();
  const failure = await Promise.race([
    answers(endpoint, waiting.signal),
    child.ended.then((end) => `it ended with ${words(end)}`),
  ]);
  waiting.abort();
  if (failure !== undefined) {
    await child.stop();
    return failure;
  }
  return {
    endpoint,
    async close() {
      await child.stop();
    },
  };
}

function binary(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'dynoxide');
  } catch (cause) {
    throw new UnavailableError(
      'dynamodb_not_available',
      `The embedded DynamoDB (npm package ${PACKAGE}) runs on Linux on x64 only and is not installed on this ` +
        `${process.platform}-${process.arch}. Set AWS_ENDPOINT_URL_DYNAMODB to another one, such as DynamoDB Local.`,
      { cause },
    );
  }
}

/** Resolves when it answers whatever it is asked, or with why not. */
async function answers(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
  const giveUpAt = performance.now() + START_MS;
  while (!signal.aborted && performance.now() < giveUpAt) {
    const answer = await fetch(endpoint, { signal: AbortSignal.any([signal, AbortSignal.timeout(START_MS)]) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer) return undefined;
    await delay(POLL_MS);
  }
  return `no answer from ${endpoint} within ${START_MS / 1000} s`;
}

const words = ({ code, signal, outputTail }: ProcessEnd): string =>
  `${signal ?? `code ${code}`}${outputTail === '' ? '' : `: ${outputTail}`}`;
