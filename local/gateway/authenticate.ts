/** Who signed a request to the gateway, and the gateway's answer when nobody we know did. */
import type { IncomingMessage } from 'node:http';
import { GATEWAY_PROBLEMS, type GatewayProblem } from '#shared/contracts/problem.ts';
import { type Identity, LOCAL_ACCOUNT, userArnOf } from '../keys.ts';
import { payloadHashOf, type SignatureFault, sigV4Verifier } from '../sigv4.ts';
import type { Principal } from './proxy-event.ts';
import { GatewayRefusal } from './refusal.ts';

const PROBLEM_OF: Partial<Record<SignatureFault, GatewayProblem>> = {
  missing: 'MISSING_AUTHENTICATION_TOKEN',
  expired: 'EXPIRED_TOKEN',
};

export function authenticator(identities: readonly Identity[], region: string, now: () => Date) {
  const byKey = new Map(identities.map((identity) => [identity.accessKeyId, identity]));
  const verify = sigV4Verifier({ identities: byKey, region, service: 'execute-api', now });
  return (message: IncomingMessage, body: Buffer): Principal => {
    const verified = verify(message, payloadHashOf(body));
    if (verified.ok)
      return { accessKeyId: verified.accessKeyId, account: LOCAL_ACCOUNT, userArn: userArnOf(verified.identity) };
    const problem = PROBLEM_OF[verified.fault] ?? 'INVALID_SIGNATURE';
    const { detail } = GATEWAY_PROBLEMS[problem];
    throw new GatewayRefusal(problem, `${detail.replace(/\.$/, '')}: ${verified.reason}.`);
  };
}
