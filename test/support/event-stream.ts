/**
 * A reader of event streams that follows the standard step by step (https://html.spec.whatwg.org/multipage/server-sent-events.html,
 * section 9.2.6, "Interpreting an event stream") and shares nothing with ours.
 */
export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
  /** The last event id as the client would send it back. */
  readonly id: string;
}

export interface EventStream {
  readonly events: readonly ServerSentEvent[];
  readonly comments: number;
  readonly retryMs: number | undefined;
}

/** What a whole answer said. An event that its end cut off is none. */
export function readEventStream(text: string): EventStream {
  const events: ServerSentEvent[] = [];
  let [comments, retryMs]: [number, number | undefined] = [0, undefined];
  let [data, type, id] = ['', '', ''];
  const dispatch = () => {
    if (data !== '') events.push({ type: type || 'message', data: data.replace(/\n$/, ''), id });
    [data, type] = ['', ''];
  };
  const fields: Readonly<Record<string, (value: string) => void>> = {
    event: (value) => (type = value),
    data: (value) => (data += `${value}\n`),
    id: (value) => (id = value.includes('\0') ? id : value),
    retry: (value) => (retryMs = /^\d+$/.test(value) ? Number(value) : retryMs),
  };
  // What follows the last line end is a line that has not ended, and not processed.
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  for (const line of lines.slice(0, -1)) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (line === '') dispatch();
    else if (line.startsWith(':')) comments += 1;
    else fields[field]?.(value);
  }
  return { events, comments, retryMs };
}
