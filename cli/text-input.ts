/** Reading a file that a person named, or stdin for `-`. */
import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { ValidationError } from '#shared/errors.ts';
import type { Context } from './context.ts';

/** Its text. Throws ValidationError naming `field` when it cannot be read or holds more than `maxBytes`. */
export async function readText(
  { stdin, signal }: Pick<Context, 'stdin' | 'signal'>,
  path: string,
  field: string,
  maxBytes: number,
): Promise<string> {
  const source = addAbortSignal(signal, path === '-' ? stdin : createReadStream(path));
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new ValidationError([{ field, message: `holds more than ${maxBytes} bytes` }]);
      chunks.push(Buffer.from(chunk));
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ValidationError) throw cause;
    throw new ValidationError(
      [{ field, message: `cannot be read: ${cause instanceof Error ? cause.message : cause}` }],
      { cause },
    );
  }
  return Buffer.concat(chunks).toString('utf8');
}
