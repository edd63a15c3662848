/** An HTTP server on 127.0.0.1 for the emulators that verify signatures, and that web pages cannot use. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Emulator } from './emulator.ts';

export interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** It comes from a web page (an Origin), or was sent here under a name that may have been led here (DNS rebinding): to be refused. */
  readonly foreign: boolean;
}

const HOST = '127.0.0.1';
/** What no DNS server can lead elsewhere. The port may be another's who passes requests on, as local/faults does. */
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost):\d+$/;

/** `serve` answers every exchange, refusals included, and never rejects. Nothing is read of a body before `serve` does. */
export async function startHttpServer(serve: (exchange: Exchange) => Promise<void>, port = 0): Promise<Emulator> {
  // Longer than clients keep a connection for later, so that none is closed just as it is used again.
  const server = createServer({ keepAliveTimeout: 65_000 });
  server.listen({ host: HOST, port });
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const onRequest = (message: IncomingMessage, response: ServerResponse) => {
    const foreign = message.headers.origin !== undefined || !LOOPBACK.test(message.headers.host ?? '');
    void serve({ message, response, foreign });
  };
  server.on('request', onRequest).on('checkContinue', onRequest);
  return {
    endpoint: `http://${HOST}:${bound}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
