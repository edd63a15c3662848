/**
 * One service for each state directory: two would write the same database. The lock is an abstract Unix socket (unix(7)), which the
 * kernel takes back however its process ends, so a lock is never stale; whoever connects is told the holder's pid.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, connect as open } from 'node:net';
import { text } from 'node:stream/consumers';
import { ConflictError } from '#shared/errors.ts';

/** Locks `directory` (a real path) until the returned function is called or this process ends. ConflictError `state_in_use`. */
export async function lockState(directory: string): Promise<() => Promise<void>> {
  const name = `\0scanfleet-${createHash('sha256').update(directory).digest('hex')}`;
  const server = createServer((socket) => socket.on('error', () => undefined).end(String(process.pid)));
  server.listen(name).unref();
  try {
    await once(server, 'listening');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    const message = `${directory} is in use by another local service (${await holder(name)}); end that one, or choose another folder with --state`;
    throw new ConflictError('state_in_use', message, { cause });
  }
  return async () => {
    server.close();
    await once(server, 'close');
  };
}

async function holder(name: string): Promise<string> {
  const socket = open(name);
  socket.setTimeout(1_000, () => socket.destroy());
  const pid = await text(socket).catch(() => '');
  return /^\d+$/.test(pid) ? `process ${pid}` : 'unknown process';
}
