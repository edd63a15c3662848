/** Lines of JSON on a stream. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

export type WriteLine = (value: unknown) => Promise<void>;

/** Each write waits until the stream takes more: who reads it sets the pace. */
export const lineWriter =
  (stream: Writable): WriteLine =>
  async (value) => {
    if (!stream.write(`${JSON.stringify(value)}\n`)) await once(stream, 'drain');
  };
