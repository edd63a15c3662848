/** One signed request to a service of AWS itself, for which the CLI needs no SDK client of its own. */
import type { Environment } from '#shared/env.ts';
import { UnavailableError } from '#shared/errors.ts';
import { requestSigner } from './signing.ts';

export interface AwsService {
  readonly service: 'cloudformation' | 'kms';
  readonly region: string;
  readonly awsProfile?: string | undefined;
}

export interface AwsAnswer {
  readonly status: number;
  readonly text: string;
}

const ANSWER_TIMEOUT_MS = 20_000;
/** The longest answer is that of a stack with all the 200 outputs it may have (CloudFormation quotas): far below this. */
const MAX_ANSWER_CHARACTERS = 2_000_000;

/** POSTs to the service's endpoint. UnavailableError `unreachable`; ForbiddenError `no_credentials`. */
export async function askAws(
  { service, region, awsProfile }: AwsService,
  env: Environment,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  signal: AbortSignal,
): Promise<AwsAnswer> {
  const url = new URL(endpointOf(service, region, env));
  const sign = await requestSigner({ region }, awsProfile, service);
  const signed = await sign({ method: 'POST', url, headers, body });
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  try {
    const response = await fetch(url, { method: 'POST', headers: signed, body, signal: within });
    return { status: response.status, text: (await response.text()).slice(0, MAX_ANSWER_CHARACTERS) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new UnavailableError('unreachable', `${url.host} did not answer`, { cause });
  }
}

/** The SDK's own variables for another endpoint count here too (AWS SDKs reference guide, "Service-specific endpoints"). */
function endpointOf(service: AwsService['service'], region: string, env: Environment): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return (
    env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ||
    env.AWS_ENDPOINT_URL ||
    `https://${service}.${region}.${domain}/`
  );
}
