/**
 * Traces in X-Ray. API Gateway and Lambda record their own part; a job carries its trace to the workers, which Lambda's runtime does not see,
 * so that they add theirs to the same trace.
 */
import { randomBytes } from 'node:crypto';

/** Where Lambda's runtime leaves the tracing header of the invocation at hand (Lambda developer guide, "Environment variables"). */
export const TRACE_VARIABLE = '_X_AMZN_TRACE_ID';

export interface Trace {
  /** X-Ray's root, as in `1-67891233-abcdef012345678912345678`. */
  readonly traceId: string;
  /** The segment whose work goes on elsewhere, 16 hex digits. Only where X-Ray samples the request: else nothing is to be recorded. */
  readonly traceParent?: string;
}

/**
 * A part of a trace as X-Ray takes it: times in seconds since the epoch (X-Ray developer guide, "Segment documents").
 */
export interface Segment {
  readonly name: string;
  readonly id: string;
  readonly trace_id: string;
  readonly parent_id: string;
  readonly start_time: number;
  readonly end_time: number;
  /** Whether something went wrong that is ours. */
  readonly fault: boolean;
  /** By these X-Ray searches. */
  readonly annotations: Readonly<Record<string, string | number>>;
  readonly subsegments: readonly Subsegment[];
}
export type Subsegment = Pick<Segment, 'name' | 'id' | 'start_time' | 'end_time' | 'fault'>;

/** The port of the traces. */
export interface Traces {
  /** UnavailableError where X-Ray did not take it: nothing but a picture is lost. */
  send(segment: Segment): Promise<void>;
}

const ROOT = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/;
const SEGMENT_ID = /^[0-9a-f]{16}$/;

/** Reads a tracing header, as in `Root=1-…;Parent=…;Sampled=1` (X-Ray developer guide, "Tracing header"). Undefined where it names no trace. */
export function readTraceHeader(text = ''): Trace | undefined {
  const fields = new Map(text.split(';').map((field) => field.split('=', 2) as [string, string]));
  const [traceId = '', parent = ''] = [fields.get('Root'), fields.get('Parent')];
  if (!ROOT.test(traceId)) return undefined;
  return fields.get('Sampled') === '1' && SEGMENT_ID.test(parent) ? { traceId, traceParent: parent } : { traceId };
}

/** A trace that nobody records, of X-Ray's form: what is logged under it can be found together. */
export function newTrace(): Trace {
  const seconds = Math.floor(Date.now() / 1000);
  return { traceId: `1-${seconds.toString(16).padStart(8, '0')}-${randomBytes(12).toString('hex')}` };
}

export const newSegmentId = (): string => randomBytes(8).toString('hex');
