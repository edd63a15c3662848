/** What a scanner wrote into a file of its own instead of to stdout. */
import { createReadStream } from 'node:fs';

/** Hands it on piece by piece. Nothing where it never came to writing one. Rejects with what `take` threw, or when the disk fails. */
export async function readOutputFile(path: string, take: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of createReadStream(path)) await take(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
