/**
 * Where emulators that check no signature listen: somewhere in 127.0.0.0/8 that a web page in a browser on the same machine cannot guess
 * (2²⁴ addresses × the ports).
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A random address of 127.0.0.0/8, neither network nor broadcast, and not the 127.0.0.1 everybody tries. */
export const randomLoopback = (): string => `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;

/** A port that is free on `host` now: for a program that cannot choose one itself. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
