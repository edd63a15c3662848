/** What the first scan finds: three harmless listeners that speak as well-known services do, so that service detection has something to tell. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

const PAGE = '<!doctype html><title>scanfleet sample</title><p>Something to scan.';
const HTTP = `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\n\r\n${PAGE}`;

/** Listens on three free ports of `host`; the port numbers. */
export async function startSample(host: string): Promise<number[]> {
  const servers = [
    speaking({ answer: HTTP }),
    speaking({ greeting: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n' }),
    speaking({ greeting: '220 sample.scanfleet.invalid ESMTP Postfix\r\n' }),
  ];
  return Promise.all(
    servers.map(async (server) => {
      await once(server.listen(0, host), 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
}

/** Greets whoever connects, and hangs up after its answer to the first words or a moment of silence. */
const speaking = ({ greeting = '', answer = '' }): Server =>
  createServer((socket) => {
    socket.on('error', () => undefined).setTimeout(10_000, () => socket.destroy());
    socket.once('data', () => socket.end(answer));
    socket.write(greeting);
  });
