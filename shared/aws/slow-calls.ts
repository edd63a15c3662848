/** Tells of calls to AWS that took long: what was slow, how often the SDK tried, and under which request id AWS knows it. */
import { logger } from '../observability/logger.ts';

/** The calls of this service are answered in milliseconds. */
const SLOW_MS = 1_000;
/** They wait by design: a long poll, and a part of an upload. */
const PATIENT: ReadonlySet<string> = new Set(['ReceiveMessageCommand', 'UploadPartCommand']);

interface Metadata {
  readonly attempts?: number;
  readonly requestId?: string;
}
type Answer = { readonly output?: { readonly $metadata?: Metadata } };
type Next = (args: { input: object }) => Promise<Answer>;

/** What every SDK client has: https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/introduction/#middleware-stack */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: (next: Next, context: { readonly clientName?: string; readonly commandName?: string }) => Next,
      options: { readonly step: 'initialize'; readonly name: string; readonly priority: 'high' },
    ): void;
  };
}

/** The same client; a streamed answer counts until it begins. */
export function tellingSlowCalls<C extends object>(client: C): C {
  (client as Client).middlewareStack.add(
    (next, { clientName, commandName = '' }) =>
      async (args) => {
        const startedAt = performance.now();
        const tell = (metadata: Metadata = {}, error?: unknown) => {
          const ms = Math.round(performance.now() - startedAt);
          if (ms < SLOW_MS || PATIENT.has(commandName)) return;
          const { attempts, requestId } = metadata;
          logger.warn('slow AWS call', {
            client: clientName,
            command: commandName,
            ms,
            attempts,
            awsRequestId: requestId,
            error,
          });
        };
        try {
          const answer = await next(args);
          tell(answer.output?.$metadata);
          return answer;
        } catch (error) {
          tell((error as { $metadata?: Metadata }).$metadata, error);
          throw error;
        }
      },
    { step: 'initialize', name: 'tellingSlowCalls', priority: 'high' },
  );
  return client;
}
