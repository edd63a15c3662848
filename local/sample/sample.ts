/** What the first scan finds: three harmless listeners that greet as well-known services do, so that service detection has something to tell. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** Listens on three free ports of `host`; the port numbers. */
export async function startSample(host: string): Promise<number[]> {
  const servers: Server[] = [
    createHttpServer((_request, response) => {
      response.writeHead(200, { Server: 'scanfleet-sample/1.0', 'Content-Type': 'text/html' });
      response.end('<!doctype html><title>scanfleet sample</title><p>Something to scan.');
    }),
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

/** Says `line` to whoever connects, and hangs up on the first word or after a moment of silence. */
const greeting = (line: string): Server =>
  createServer((socket) => {
    socket.on('error', () => undefined).setTimeout(5_000, () => socket.destroy());
    socket.once('data', () => socket.end());
    socket.write(line);
  });
