/**
 * One result of axe-core, of versions 3 to 4 (https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#results-object), with which page
 * it is of where our runner wrote it; or the runner's last word.
 */
import { PAGE_RESULTS, type PageCoverage } from '#shared/finding/coverage.ts';
import { isObject, type JsonObject, numberAt, objectAt, shorten, textAt, textsAt } from '../../json/fields.ts';

export interface AxeNode {
  /** axe-core's own word; empty where it says none. */
  readonly impact: string;
  readonly html: string;
  /** One text: frames joined by ` >> `, shadow roots by ` >>> `. */
  readonly selector: string;
  readonly failureSummary: string;
}

export interface AxeRule {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly description: string;
  readonly helpUrl: string;
  readonly tags: readonly string[];
  readonly nodes: readonly AxeNode[];
}

export interface AxePage {
  /** The page that was tested. */
  readonly url: string;
  /** ISO 8601; empty where it is not said. */
  readonly timestamp: string;
  readonly violations: readonly AxeRule[];
  /** What axe-core leaves to people. */
  readonly incomplete: readonly AxeRule[];
  /** Only where our runner wrote it. */
  readonly page?: PageCoverage;
  /** Rules axe-core could not decide, whether they are in `incomplete` or not. Like the next two, of our runner only. */
  readonly undecided: number;
  /** Requests to other places, which were not made. */
  readonly blocked: number;
  /** Nodes left out, as there were too many. */
  readonly omitted: number;
}

/** The runner went through all it was to do; `unvisited`: pages it knew of beyond the limit. */
export interface AxeEnd {
  readonly end: true;
  readonly unvisited: number;
}

const MAX_SELECTOR_CHARS = 1_024;
const MAX_EVIDENCE_CHARS = 2_048;

/** Undefined for what is none of them. */
export function readRecord(value: JsonObject): AxePage | AxeEnd | undefined {
  if (value.end === true) return { end: true, unvisited: numberAt(value, 'unvisited') ?? 0 };
  const page = pageOf(objectAt(value, 'page'));
  if (page === undefined && !Array.isArray(value.violations)) return undefined;
  return {
    url: textAt(value, 'url') || (page?.url ?? ''),
    timestamp: textAt(value, 'timestamp'),
    violations: rulesAt(value, 'violations'),
    incomplete: rulesAt(value, 'incomplete'),
    ...(page === undefined ? {} : { page }),
    undecided: numberAt(value, 'undecided') ?? 0,
    blocked: numberAt(value, 'blocked') ?? 0,
    omitted: numberAt(value, 'omitted') ?? 0,
  };
}

function pageOf(value: JsonObject): PageCoverage | undefined {
  const url = textAt(value, 'url');
  const result = PAGE_RESULTS.find((word) => word === value.result);
  if (url === '' || result === undefined) return undefined;
  const detail = textAt(value, 'detail');
  return { url, result, ...(detail === '' ? {} : { detail }) };
}

const objectsAt = (value: JsonObject, key: string): readonly JsonObject[] => {
  const list = value[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
};

const rulesAt = (value: JsonObject, key: string): AxeRule[] =>
  objectsAt(value, key).flatMap((rule) => {
    const id = textAt(rule, 'id');
    if (id === '') return [];
    return {
      id,
      impact: textAt(rule, 'impact'),
      help: textAt(rule, 'help'),
      description: textAt(rule, 'description'),
      helpUrl: textAt(rule, 'helpUrl'),
      tags: textsAt(rule, ['tags']),
      nodes: objectsAt(rule, 'nodes').map(nodeOf),
    };
  });

const nodeOf = (node: JsonObject): AxeNode => ({
  impact: textAt(node, 'impact'),
  html: shorten(textAt(node, 'html'), MAX_EVIDENCE_CHARS),
  selector: shorten(selectorOf(node.target), MAX_SELECTOR_CHARS),
  failureSummary: shorten(textAt(node, 'failureSummary'), MAX_EVIDENCE_CHARS),
});

/** A list with one selector for each frame; one inside shadow roots is a list of its own. */
const selectorOf = (target: unknown): string =>
  textsOf(target, (inner) => textsOf(inner, () => []).join(' >>> ')).join(' >> ');

const textsOf = (value: unknown, otherwise: (inner: unknown) => string | readonly string[]): readonly string[] =>
  Array.isArray(value) ? value.flatMap((part) => (typeof part === 'string' ? part : otherwise(part))) : [];
