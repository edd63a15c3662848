/** What an AWS call failed with, in this service's words. */
import { UnavailableError } from '../errors.ts';

/** As the SDK marks what it throws: also what never got an answer, which then has no status. */
interface SdkFailure extends Error {
  readonly $metadata: { readonly httpStatusCode?: number };
}

const isSdkFailure = (error: unknown): error is SdkFailure => error instanceof Error && '$metadata' in error;

/** Names of throttling differ from service to service ("Common errors" of each API reference). */
const THROTTLING = /throttl|TooManyRequests|SlowDown|RequestLimitExceeded/i;

/** ECS, for one, also says it by a parameter error (seen as "Rate exceeded" from RunTask). */
export const isThrottling = (error: unknown): boolean =>
  error instanceof Error && (THROTTLING.test(error.name) || /rate exceeded/i.test(error.message));

/** Whether the same call may succeed later: no answer, a fault of the service, or too many calls. */
export function isTransient(error: unknown): boolean {
  if (!isSdkFailure(error)) return false;
  const { httpStatusCode = 500 } = error.$metadata;
  return httpStatusCode >= 500 || httpStatusCode === 429 || isThrottling(error);
}

/** For `catch`: UnavailableError for what may pass (the SDK has retried by then), everything else as it is. */
export const unavailable =
  (code: string, doing: string) =>
  (error: unknown): never => {
    if (isTransient(error)) throw new UnavailableError(code, `${doing}: ${(error as Error).message}`, { cause: error });
    throw error;
  };
