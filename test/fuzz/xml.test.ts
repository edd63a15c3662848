/** The tokenizer beside saxes, on generated documents, and on its own on what is no document. */
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { type XmlFault, XmlTokenizer } from '#containers/scan-worker/xml/tokenizer.ts';
import { pieceSizes } from '#test/support/fuzzing.ts';
import { piecesOf } from '#test/support/parsing.ts';

const NAMES = ['x', 'host', 'a:b', '_c-1.d'];
const ATTRIBUTES = ['a', 'id', 'out-put', 'xy'];

type Event = readonly [kind: 'open' | 'close' | 'text', content: string];

/** Adjoining texts as one: where they are parted is up to a parser. */
function joined(events: readonly Event[]): Event[] {
  const result: Event[] = [];
  for (const event of events) {
    const last = result.at(-1);
    if (event[0] === 'text' && last?.[0] === 'text') result[result.length - 1] = ['text', last[1] + event[1]];
    else result.push(event);
  }
  return result;
}

function ours(bytes: Uint8Array, sizes: readonly number[]): { events: Event[]; fault: XmlFault | undefined } {
  const events: Event[] = [];
  const tokenizer = new XmlTokenizer({
    open(name, attributes) {
      const given = ATTRIBUTES.flatMap((key) => {
        const value = attributes.get(key);
        return value === undefined ? [] : [[key, value]];
      });
      events.push(['open', JSON.stringify([name, given])]);
    },
    close: (name) => events.push(['close', name]),
    text: (text) => text !== '' && events.push(['text', text]),
    wantsText: () => true,
  });
  for (const piece of piecesOf(bytes, sizes)) tokenizer.write(piece);
  return { fault: tokenizer.end(), events: joined(events) };
}

function theirs(document: string): Event[] {
  const events: Event[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const given = ATTRIBUTES.filter((key) => key in attributes).map((key) => [key, attributes[key]]);
    events.push(['open', JSON.stringify([name, given])]);
  });
  parser.on('closetag', ({ name }) => events.push(['close', name]));
  let depth = 0;
  parser.on('opentagstart', () => {
    depth += 1;
  });
  const text = (content: string) => {
    if (depth > 0 && content !== '') events.push(['text', content]);
  };
  parser.on('text', text);
  parser.on('cdata', text);
  parser.write(document).close();
  // White space around the document element is text to saxes and nothing to us.
  return joined(
    events.slice(
      events.findIndex(([kind]) => kind === 'open'),
      events.findLastIndex(([kind]) => kind === 'close') + 1,
    ),
  );
}

const space = fc.constantFrom(' ', '\n', '\t', '\r\n', '  ');
const optionalSpace = fc.constantFrom('', '', ' ', '\n');
/** Characters of text as a writer may spell them. */
const character = fc.oneof(
  fc.constantFrom('a', 'Z', '0', ' ', '\n', '\r', '\t', 'é', '京', '😀', '>', ';', '-', ']'),
  fc.constantFrom('&lt;', '&amp;', '&gt;', '&quot;', '&apos;', '&#10;', '&#xd;', '&#x1F600;', '&#233;'),
);
/** Without `]]>`, which text may not hold: neither in one piece nor where two texts meet. */
const text = fc
  .array(character, { maxLength: 12 })
  .map((parts) => parts.join('').replace(/\]+>+/g, '').replace(/^>+/, ''));
const value = text.chain((content) => fc.constantFrom(`"${content}"`, `'${content}'`));
const attributes = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...ATTRIBUTES), space, optionalSpace, optionalSpace, value), {
    selector: ([name]) => name,
  })
  .map((list) =>
    list.map(([name, before, left, right, content]) => `${before}${name}${left}=${right}${content}`).join(''),
  );
const comment = fc.constantFrom('<!-- c -->', '<!---->', '<?p some thing?>', '<!-- <x a="1"> & -->');
const cdata = text.map((content) => `<![CDATA[${content}]]>`);
const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .tuple(fc.constantFrom(...NAMES), attributes, optionalSpace, fc.array(tie('content'), { maxLength: 4 }))
    .map(([name, given, end, content]) =>
      content.length === 0 ? `<${name}${given}${end}/>` : `<${name}${given}${end}>${content.join('')}</${name}${end}>`,
    ),
  content: fc.oneof({ maxDepth: 4 }, text, comment, cdata, tie('element')),
}));
const document = fc
  .tuple(
    fc.constantFrom('', '<?xml version="1.0" encoding="UTF-8"?>\n', '\ufeff'),
    fc.constantFrom('', '<!DOCTYPE x>\n'),
    element,
    fc.constantFrom('', '\n', '<!-- end -->'),
  )
  .map((parts) => parts.join(''));
const CONTROL_REFERENCE = /&#(?:x0?(?:[1-8bcef]|1[0-9a-f])|0?(?:[1-8]|1[124-9]|2\d|3[01]));/i;
const sizes = pieceSizes(40);

describe('on generated documents', () => {
  it('says the same as saxes, in pieces of any size', () => {
    fc.assert(
      fc.property(document, sizes, (xml, pieces) => {
        expect(ours(Buffer.from(xml), pieces)).toEqual({ events: theirs(xml), fault: undefined });
      }),
      { numRuns: 3_000 },
    );
  });

  it('finds the same fault in the same place, in pieces of any size, where bytes were changed', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.constantFrom(...Buffer.from('<>/&"\'=! ?-]\0a;#é')) });
    fc.assert(
      fc.property(document, fc.array(change, { minLength: 1, maxLength: 3 }), sizes, (xml, changes, pieces) => {
        const bytes = Buffer.from(xml);
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        expect(ours(bytes, pieces)).toEqual(ours(bytes, []));
      }),
      { numRuns: 3_000 },
    );
  });

  it('accepts nothing that saxes refuses, where bytes were changed', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.constantFrom(...Buffer.from('<>/&"\'=! ?-]\0a;#')) });
    fc.assert(
      fc.property(document, change, (xml, { at, byte }) => {
        const bytes = Buffer.from(xml);
        bytes[at % bytes.length] = byte;
        const changed = bytes.toString('utf8');
        // What we are lenient with: bytes that are no UTF-8, and references to control characters.
        fc.pre(!changed.includes('\ufffd') && !CONTROL_REFERENCE.test(changed));
        const { fault, events } = ours(bytes, []);
        if (fault === undefined) expect(events).toEqual(theirs(changed));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('on anything', () => {
  const soup = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '<',
          '>',
          '</',
          '/>',
          '<!--',
          '-->',
          '<![CDATA[',
          ']]>',
          '<?',
          '?>',
          '<!DOCTYPE',
          '&',
          ';',
          '"',
          '=',
          'x',
          ' ',
        ),
        fc.string(),
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.from(parts.join('')));
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

  it('ends in a value, the same for pieces of any size', () => {
    fc.assert(
      fc.property(fc.oneof(soup, bytes), sizes, (input, pieces) => {
        const whole = ours(input, []);
        expect(ours(input, pieces)).toEqual(whole);
        if (whole.fault !== undefined) expect(whole.fault.byteOffset).toBeLessThanOrEqual(input.length);
      }),
      { numRuns: 10_000 },
    );
  });
});
