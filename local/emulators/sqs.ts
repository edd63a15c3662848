/** SQS on this machine: fauxqs, in this process and in memory. It checks no signature (see loopback.ts), and forgets when it ends: the sweeper sends again. */
import { buildApp } from 'fauxqs';
import * as z from 'zod';
import type { Emulator } from './emulator.ts';
import { randomLoopback } from './loopback.ts';

const Received = z.object({ Messages: z.array(z.object({ ReceiptHandle: z.string() })).optional() });
const Receive = z.object({ QueueUrl: z.string() });

/** Starts it. Not by `startFauxqs`, which listens on every interface. */
export async function startSqs(): Promise<Emulator> {
  const app = buildApp({ logger: false });
  app.addHook('onSend', async (request, reply, payload) => {
    const isReceive = request.headers['x-amz-target'] === 'AmazonSQS.ReceiveMessage';
    if (isReceive && reply.raw.destroyed) await giveBack(app, request.body, payload);
    return payload;
  });
  const endpoint = await app.listen({ host: randomLoopback(), port: 0 });
  return {
    endpoint,
    async close() {
      await app.close();
    },
  };
}

/**
 * A long poll whose client has left would still take the next messages and hide them from everybody: they go back at once, as in SQS,
 * which ends the poll with its connection.
 */
async function giveBack(app: ReturnType<typeof buildApp>, request: unknown, answer: unknown): Promise<void> {
  const { Messages = [] } = Received.parse(JSON.parse(String(answer)));
  if (Messages.length === 0) return;
  await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ChangeMessageVisibilityBatch' },
    payload: JSON.stringify({
      QueueUrl: Receive.parse(request).QueueUrl,
      Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 })),
    }),
  });
}
