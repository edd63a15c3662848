/** Runs a function's exported handler in this process the way Lambda would: with a context, a time limit and one of two answer styles. */
import type { Context } from 'aws-lambda';
import { isStreaming, type StreamingHandler } from './awslambda.ts';
import { GatewayRefusal } from './refusal.ts';
import type { ResponseStream } from './response-stream.ts';

export type BufferedHandler = (event: unknown, context: Context) => Promise<unknown>;
export type FunctionHandler = BufferedHandler | StreamingHandler;

/** The exported handlers by function name. */
export type Functions = ReadonlyMap<string, FunctionHandler>;

/** Imports `functions/<name>/handler.ts` for each name. Their environment, and `awslambda`, must be there before. */
export async function loadFunctions(names: Iterable<string>): Promise<Functions> {
  const loading = Array.from(new Set(names), async (name) => {
    const module: { handler?: unknown } = await import(`#functions/${name}/handler.ts`);
    if (typeof module.handler !== 'function') throw new TypeError(`functions/${name}/handler.ts exports no handler`);
    return [name, module.handler as FunctionHandler] as const;
  });
  return new Map(await Promise.all(loading));
}

export interface Invocation {
  readonly name: string;
  readonly handler: FunctionHandler;
  readonly event: unknown;
  readonly requestId: string;
  readonly timeoutMs: number;
}

/** What the handler returns. Throws what it throws; GatewayRefusal INTEGRATION_TIMEOUT when it takes too long (it then runs on, unheard). */
export async function invoke(invocation: Invocation, stream?: ResponseStream): Promise<unknown> {
  const { handler, event, timeoutMs } = invocation;
  const context = lambdaContext(invocation);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new GatewayRefusal('INTEGRATION_TIMEOUT')), timeoutMs);
  });
  try {
    return await Promise.race([call(handler, event, context, stream), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function call(handler: FunctionHandler, event: unknown, context: Context, stream?: ResponseStream) {
  if (stream === undefined) return (handler as BufferedHandler)(event, context);
  if (!isStreaming(handler)) throw new TypeError('the route streams, its handler does not');
  return handler(event, stream, context);
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function lambdaContext({ name, requestId, timeoutMs }: Invocation): Context {
  const endsAt = performance.now() + timeoutMs;
  const unsupported = () => {
    throw new Error('the callback style of Lambda handlers is not supported');
  };
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${name}`,
    memoryLimitInMB: '1024',
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAt - performance.now())),
    done: unsupported,
    fail: unsupported,
    succeed: unsupported,
  };
}
