/**
 * Where emulators that check no signature listen: somewhere in 127.0.0.0/8 that a web page in a browser on the same machine cannot guess
 * (2²⁴ addresses × the ports).
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A random address of 127.0.0.0/8, neither network nor broadcast, and not the 127.0.0.1 everybody tries. */
export const randomLoopback = (): string => `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;

/** Above what is usually configured, below what Linux gives to outgoing connections (ip_local_port_range in ip(7)): those come and go. */
const PORTS = { from: 16_384, to: 32_768 } as const;

/** A port that is free on `host` now: for a program that cannot choose one itself. */
export async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const server = createServer().listen(port, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
