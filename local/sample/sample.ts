/** What the first scan finds: a small web site, and two harmless listeners that speak as well-known services do, so that service detection has something to tell. */
import { once } from 'node:events';
import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { sampleSite } from './site.ts';

/** Listens on three free ports of `host`; the port numbers, the web site's first. */
export async function startSample(host: string): Promise<number[]> {
  const servers: Server[] = [
    createWebServer(sampleSite),
    greeting('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'),
    greeting('220 sample.scanfleet.invalid ESMTP Postfix\r\n'),
  ];
  return Promise.all(
    servers.map(async (server) => {
      await once(server.listen(0, host), 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
}

/** Greets whoever connects, and hangs up at the first words or after a moment of silence. */
const greeting = (words: string): Server =>
  createServer((socket) => {
    socket.on('error', () => undefined).setTimeout(10_000, () => socket.destroy());
    socket.once('data', () => socket.end());
    socket.write(words);
  });
