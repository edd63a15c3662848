/** Traces on X-Ray, sent by its API: a worker needs no daemon beside it. */
import { PutTraceSegmentsCommand, type XRayClient } from '@aws-sdk/client-xray';
import { UnavailableError } from '../errors.ts';
import type { Traces } from '../observability/trace.ts';
import { unavailable } from './failure.ts';

const UNAVAILABLE = 'traces_unavailable';

export const xrayTraces = (client: XRayClient): Traces => ({
  async send(segment) {
    const { UnprocessedTraceSegments: [refused] = [] } = await client
      .send(new PutTraceSegmentsCommand({ TraceSegmentDocuments: [JSON.stringify(segment)] }))
      .catch(unavailable(UNAVAILABLE, 'sending a segment'));
    if (refused !== undefined)
      throw new UnavailableError(UNAVAILABLE, `sending a segment: ${refused.ErrorCode} ${refused.Message ?? ''}`);
  },
});
