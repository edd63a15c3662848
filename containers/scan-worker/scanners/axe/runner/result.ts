/** What is kept of axe-core's result: what was found, in bounds. */
import type { AxeResults, NodeResult, Result } from 'axe-core';

/** Of one page. A page with more has one fault a thousand times; how many were left out is told. */
const MAX_NODES = 1_000;
const MAX_TEXT_CHARS = 2_048;

export interface KeptResult {
  readonly url: string;
  readonly timestamp: string;
  readonly testEngine: unknown;
  readonly violations: readonly object[];
  readonly incomplete: readonly object[];
  readonly undecided: number;
  readonly omitted: number;
}

/** In axe-core's own shape, with `undecided` rules and `omitted` nodes beside it. */
export function keep(results: AxeResults, needsReview: boolean): KeptResult {
  const { url, timestamp, testEngine, violations, incomplete } = results;
  let room = MAX_NODES;
  let omitted = 0;
  const bounded = (rule: Result) => {
    const nodes = rule.nodes.slice(0, room);
    room -= nodes.length;
    omitted += rule.nodes.length - nodes.length;
    const { id, impact, tags, description, help, helpUrl } = rule;
    return { id, impact, tags, description, help, helpUrl, nodes: nodes.map(keepNode) };
  };
  const kept = violations.map(bounded);
  return {
    ...{ url, timestamp, testEngine, violations: kept, undecided: incomplete.length },
    ...{ incomplete: needsReview ? incomplete.map(bounded) : [], omitted },
  };
}

const keepNode = ({ impact, html, target, failureSummary }: NodeResult) => ({
  ...{ impact, target },
  html: shorten(html),
  failureSummary: shorten(failureSummary),
});

const shorten = (text: string | undefined): string | undefined => text?.slice(0, MAX_TEXT_CHARS);
