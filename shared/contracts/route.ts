/**
 * What a route says of itself, and the parts that many have in common. A route stands with its schemas, in the contract of what it serves:
 * a function loads its own contract and no other, which is a third of its cold start.
 */
import * as z from 'zod';
import { JobId } from './ids.ts';

export interface Route<
  Path extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Responses extends Readonly<Record<number, z.ZodType | undefined>> = Readonly<Record<number, z.ZodType | undefined>>,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As API Gateway writes it: `/jobs/{jobId}`. */
  readonly path: string;
  /** The folder under functions/ that serves it. */
  readonly function: string;
  readonly summary: string;
  readonly request: { readonly path: Path; readonly query: Query; readonly body: Body };
  /** By status; `undefined` for a body that is a document of its own (a report, an event stream). */
  readonly responses: Responses;
  /** Whether the answer is streamed (API Gateway's transfer mode STREAM). */
  readonly streaming: boolean;
  readonly callers: 'any' | 'admins';
}

/** Of a part of a request that holds nothing. */
export const none = z.strictObject({});
export const noBody = z.undefined({ error: 'must be absent: this route takes no body' });
/** Of an answer without a body. */
export const noContent = z.undefined();
export const jobPath = z.strictObject({ jobId: JobId });

/** A row of the table of routes. */
export const route = <
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends Readonly<Record<number, z.ZodType | undefined>>,
>(
  row: Route<P, Q, B, R>,
): Route<P, Q, B, R> => row;
