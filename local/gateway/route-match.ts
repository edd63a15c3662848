/** Which route a request is for, as API Gateway decides it: by method and path segments, parameters percent-decoded once. */
import type { Route } from '#shared/contracts/route.ts';
import { routes } from '#shared/contracts/routes.ts';
import { GatewayRefusal } from './refusal.ts';

export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>> | null;
}

const PARAMETER = /^\{(\w+)\}$/;
const segmentsOf = (path: string): string[] => path.slice(1).split('/');

/** Finds the route of `method` and `path` (raw, without the query) in `table`. GatewayRefusal when there is none, or when the path is badly encoded. */
export function routeMatcher(
  table: Iterable<Route> = Object.values(routes),
): (method: string, path: string) => RouteMatch {
  const rows = Array.from(table, (route) => ({ route, segments: segmentsOf(route.path).map(readSegment) }));
  return (method, path) => {
    const given = segmentsOf(path).map(decode);
    const row = rows.find(({ route, segments }) => route.method === method && fits(segments, given));
    // API Gateway's answer to what it does not know is that of an unsigned request (known since its first days).
    if (row === undefined) throw new GatewayRefusal('MISSING_AUTHENTICATION_TOKEN');
    const parameters = row.segments.flatMap(({ parameter }, at) =>
      parameter ? [[parameter, given[at] as string]] : [],
    );
    return { route: row.route, pathParameters: parameters.length > 0 ? Object.fromEntries(parameters) : null };
  };
}

interface Segment {
  readonly literal: string;
  readonly parameter?: string;
}

function readSegment(text: string): Segment {
  const parameter = PARAMETER.exec(text)?.[1];
  return parameter === undefined ? { literal: text } : { literal: text, parameter };
}

const fits = (segments: readonly Segment[], given: readonly string[]): boolean =>
  segments.length === given.length &&
  segments.every(({ literal, parameter }, at) => (parameter ? given[at] !== '' : given[at] === literal));

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new GatewayRefusal('DEFAULT_4XX', 'The path is not valid percent-encoding.');
  }
}
