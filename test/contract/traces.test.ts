import { PutTraceSegmentsCommand, XRayClient } from '@aws-sdk/client-xray';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { xrayTraces } from '#shared/aws/traces.ts';
import { UnavailableError } from '#shared/errors.ts';

const SEGMENT = {
  name: 'scan-worker',
  id: '53995c3f42cd8ad8',
  trace_id: '1-67891233-abcdef012345678912345678',
  parent_id: '53995c3f42cd8ad7',
  start_time: 1_700_000_000.25,
  end_time: 1_700_000_001,
  fault: false,
  annotations: { jobId: 'j' },
  subsegments: [],
};
const client = () => new XRayClient({ region: 'eu-central-1', maxAttempts: 1 });

/** As the SDK throws it when no answer came. */
const silence = () => Object.assign(new Error('too slow'), { name: 'TimeoutError', $metadata: {} });

it('sends a segment as one document of JSON', async () => {
  const xray = mockClient(client());
  xray.on(PutTraceSegmentsCommand).resolves({});
  await xrayTraces(xray as unknown as XRayClient).send(SEGMENT);
  const [sent] = xray.commandCalls(PutTraceSegmentsCommand);
  expect(sent?.args[0].input.TraceSegmentDocuments?.map((text) => JSON.parse(text))).toEqual([SEGMENT]);
});

it.each([
  ['does not answer', () => Promise.reject(silence()), 'too slow'],
  ['refuses the document', async () => ({ UnprocessedTraceSegments: [{ ErrorCode: 'ParseError' }] }), 'ParseError'],
])('says so when X-Ray %s', async (_what, answer, why) => {
  const xray = mockClient(client());
  xray.on(PutTraceSegmentsCommand).callsFake(answer);
  const sending = xrayTraces(xray as unknown as XRayClient).send(SEGMENT);
  await expect(sending).rejects.toBeInstanceOf(UnavailableError);
  await expect(sending).rejects.toThrow(why);
});
