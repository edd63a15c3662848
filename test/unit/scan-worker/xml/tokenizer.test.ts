import { describe, expect, it } from 'vitest';
import {
  MAX_DEPTH,
  MAX_TOKEN_BYTES,
  XmlError,
  type XmlFault,
  XmlTokenizer,
} from '#containers/scan-worker/xml/tokenizer.ts';

/** What a document says, one line an event; attributes `a`, `b` and `c` of each tag. */
function read(
  document: string | Uint8Array,
  pieceBytes = Number.POSITIVE_INFINITY,
): { events: string[]; fault: XmlFault | undefined } {
  const bytes = typeof document === 'string' ? Buffer.from(document) : document;
  const events: string[] = [];
  const tokenizer = new XmlTokenizer({
    open(name, attributes) {
      const given = ['a', 'b', 'c'].flatMap((key) => attributes.get(key) ?? []);
      events.push(`<${[name, ...given].join(' ')}>`);
    },
    close: (name) => events.push(`</${name}>`),
    text: (text) => events.push(text),
    wantsText: (name) => name !== 'mute',
  });
  for (let from = 0; from < bytes.length; from += pieceBytes) tokenizer.write(bytes.subarray(from, from + pieceBytes));
  return { events, fault: tokenizer.end() };
}
const eventsOf = (document: string | Uint8Array) => read(document).events;

describe('a well-formed document', () => {
  // biome-ignore format: a table reads by column
  it.each<[what: string, document: string | Uint8Array, events: string[]]>([
    ['elements and attributes',         '<x a="1" b=\'2\'><y/></x>',                               ['<x 1 2>', '<y>', '</y>', '</x>']],
    ['white space inside tags',         '<x\n a = "1"\tb\r\n=\'2\' ><y\n/></x >',                  ['<x 1 2>', '<y>', '</y>', '</x>']],
    ['quotes and > in values',          '<x a="\'>" b=\'">\'/>',                                   ['<x \'> ">>', '</x>']],
    ['text between markup',             '<x>one<y/>two</x>',                                       ['<x>', 'one', '<y>', '</y>', 'two', '</x>']],
    ['predefined entities',             '<x a="&lt;&amp;&gt;">&quot;&apos;</x>',                   ['<x <&>>', '"\'', '</x>']],
    ['numeric references',              '<x a="&#65;&#x42;&#xa;">&#x1F600;&#233;</x>',             ['<x AB\n>', '😀é', '</x>']],
    ['a reference that makes another',  '<x a="&amp;lt;">&#38;lt;</x>',                            ['<x &lt;>', '&lt;', '</x>']],
    ['line ends in text',               '<x>1\r\n2\r3\n</x>',                                      ['<x>', '1\n2\n3\n', '</x>']],
    ['white space in values',           '<x a="1\r\n2\t3\n4"/>',                                   ['<x 1 2 3 4>', '</x>']],
    ['CDATA',                           '<x><![CDATA[<&amp;]]]]><![CDATA[>]]></x>',                ['<x>', '<&amp;]]', '>', '</x>']],
    ['comments and instructions',       '<!-- a - b --><?p q?><x><!----><?p?></x><!-- c --> \n',   ['<x>', '</x>']],
    ['a declaration and document type', '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<!DOCTYPE x ><x/>', ['<x>', '</x>']],
    ['XML 1.1',                         "<?xml version='1.1'?><x a='&#1;'/>",                      ['<x \u0001>', '</x>']],
    ['a comment before the declaration','<!-- c -->\n<?xml version="1.0"?><x/>',                   ['<x>', '</x>']],
    ['a byte order mark',               '\ufeff<x/>',                                              ['<x>', '</x>']],
    ['UTF-8',                           '<x a="Grüße">東京 😀</x>',                                 ['<x Grüße>', '東京 😀', '</x>']],
    ['Latin-1, when declared',          Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><x a="\xfc">\xe9</x>', 'latin1'), ['<x ü>', 'é', '</x>']],
    ['bytes that are no UTF-8',         Buffer.from('<x a="\xfc"/>', 'latin1'),                    ['<x \ufffd>', '</x>']],
    ['names with all that is allowed',  '<_a:b-c.d1 a="1"/>',                                      ['<_a:b-c.d1 1>', '</_a:b-c.d1>']],
  ])('reads %s, in one piece or byte by byte', (_, document, events) => {
    expect(read(document)).toEqual({ events, fault: undefined });
    expect(read(document, 1)).toEqual({ events, fault: undefined });
  });

  it('leaves out text that nobody wants', () => {
    expect(eventsOf('<x><mute>a<![CDATA[b]]></mute>c</x>')).toEqual(['<x>', '<mute>', '</mute>', 'c', '</x>']);
  });

  it('does not know attributes that are not there, or by half their name', () => {
    expect(eventsOf('<x ab="1" bb="2"/>')).toEqual(['<x>', '</x>']);
  });
});

describe('a document that is not well-formed', () => {
  // biome-ignore format: a table reads by column
  it.each<[document: string, reason: string, byteOffset: number]>([
    ['',                           'the document is empty',                            0],
    [' \n',                        'cut off before the first element',                 2],
    ['<x><y></y>',                 'cut off inside <x>',                              10],
    ['<x a="1',                    'cut off before the first element',                 7],
    ['<x/><!-- ',                  'cut off after the last element',                   9],
    ['<x></y>',                    'an end tag where </x> must stand',                 3],
    ['<x></xy>',                   'an end tag where </x> must stand',                 3],
    ['<xy></x>',                   'an end tag where </xy> must stand',                4],
    ['<x></x y>',                  'an end tag where </x> must stand',                 3],
    ['</x>',                       'an end tag without its start tag',                 0],
    ['<x/><y/>',                   'a second document element',                        4],
    ['text',                       'text outside of the document element',             0],
    [' <x/> text',                 'text outside of the document element',             6],
    ['<x/>&#32;',                  'text outside of the document element',             4],
    ['<![CDATA[x]]><x/>',          'text outside of the document element',             0],
    ['<x a=1/>',                   'an attribute value without quotes',                5],
    ['<x a/>',                     'an attribute without a value',                     4],
    ['<x a="1"b="2"/>',            'no white space before an attribute',               8],
    ['<x a="1" a="2"/>',           'an attribute given twice',                         9],
    ['<x =""/>',                   'not an attribute name',                            3],
    ['<x 1a=""/>',                 'not an attribute name',                            3],
    ['<x a="<"/>',                 'a < inside a tag',                                 0],
    ['<x / >',                     'a / that does not end its tag',                    3],
    ['<x>< y/></x>',               'a < that begins no markup',                        3],
    ['<x><1/></x>',                'a < that begins no markup',                        3],
    ['<x>\u00e9<é/></x>',          'a < that begins no markup',                        5],
    ['<x>a & b</x>',               'an entity that is not predefined, or a bare &',    5],
    ['<x a="&nbsp;"/>',            'an entity that is not predefined, or a bare &',    6],
    ['<x a="&lt"/>',               'an entity that is not predefined, or a bare &',    6],
    ['<x>&#0;</x>',                'an entity that is not predefined, or a bare &',    3],
    ['<x>&#xD800;</x>',            'an entity that is not predefined, or a bare &',    3],
    ['<x>&#x110000;</x>',          'an entity that is not predefined, or a bare &',    3],
    ['<x>&#xffff;</x>',            'an entity that is not predefined, or a bare &',    3],
    ['<x>&#12a;</x>',              'an entity that is not predefined, or a bare &',    3],
    ['<x>]]></x>',                 ']]> outside of a CDATA section',                   3],
    ['<x>a\0</x>',                 'a control character',                              3],
    ['<x a="\u001b"/>',            'a control character',                              0],
    ['<x><!-- \u0007 --></x>',     'a control character',                              3],
    ['<x><!-- a -- b --></x>',     '-- inside a comment',                             10],
    ['<x><!--></x>',               'cut off inside <x>',                              12],
    ['<x><!ELEMENT y></x>',        'a declaration that is not known',                  3],
    ['<x><?p<?></x>',              'a processing instruction without a name',          3],
    ['<x><? p?></x>',              'a processing instruction without a name',          3],
    ['<x><?xml version="1.0"?></x>', 'an XML declaration after the first element',     3],
    ['<?xml version="2.0"?><x/>',  'an XML declaration that cannot be read',           0],
    ['<?xml encoding="UTF-8"?><x/>', 'an XML declaration that cannot be read',         0],
    ['<?xml version="1.0" encoding="EBCDIC"?><x/>', 'the encoding EBCDIC, which is not supported', 0],
    ['<x/><!DOCTYPE x>',           'a document type after the first element',          4],
    ['<!DOCTYPE x [<!ENTITY y "z">]><x/>', 'a document type with a DTD, which is refused', 0],
    ['<!DOCTYPE x SYSTEM "y"><x/>',        'a document type with a DTD, which is refused', 0],
    ['<!DOCTYPE x PUBLIC "y" "z"><x/>',    'a document type with a DTD, which is refused', 0],
  ])('%j gives a reason and a place, in one piece or byte by byte', (document, reason, byteOffset) => {
    expect(read(document).fault).toEqual({ reason, byteOffset });
    expect(read(document, 1)).toEqual(read(document));
  });

  it('delivers what came before the fault, and nothing after it', () => {
    expect(eventsOf('<x>one<y/></z><more/></x>')).toEqual(['<x>', 'one', '<y>', '</y>']);
  });

  it.each(['utf16le', 'utf-16be'])('in %s is refused', (encoding) => {
    const bytes = Buffer.from('\ufeff<x/>', 'utf16le');
    const document = encoding === 'utf16le' ? bytes : bytes.swap16();
    expect(read(document).fault?.reason).toBe('the encoding UTF-16, which is not supported');
    expect(read(document, 1)).toEqual(read(document));
  });
});

describe('bounds', () => {
  const deep = (depth: number) => '<x>'.repeat(depth) + '</x>'.repeat(depth);
  const long = 'y'.repeat(MAX_TOKEN_BYTES);

  it('hold for the depth', () => {
    expect(read(deep(MAX_DEPTH)).fault).toBeUndefined();
    expect(read(deep(MAX_DEPTH + 1)).fault?.reason).toBe(`elements nested deeper than ${MAX_DEPTH}`);
  });

  it.each([
    ['an element', `<${'x'.repeat(257)}/>`, 'an element name over 256 bytes'],
    ['an attribute', `<x ${'a'.repeat(257)}=""/>`, 'an attribute name over 256 bytes'],
    ['a name never ended', `<${'x'.repeat(70_000)}`, 'an element name over 256 bytes'],
  ])('hold for the name of %s', (_, document, reason) => expect(read(document, 1_000).fault?.reason).toBe(reason));

  it('hold for the number of attributes', () => {
    const attributes = (count: number) => Array.from({ length: count }, (_, i) => ` a${i}=""`).join('');
    expect(read(`<x${attributes(256)}/>`).fault).toBeUndefined();
    expect(read(`<x${attributes(257)}/>`).fault?.reason).toBe('more than 256 attributes');
  });

  it.each([
    ['a value', `<x a="${long}"/>`],
    ['text', `<x>${long}y</x>`],
    ['a comment', `<!--${long}--><x/>`],
    ['CDATA', `<x><![CDATA[${long}]]></x>`],
    ['an instruction', `<?p ${long}?><x/>`],
    ['a value that never ends', `<x a="${long}`],
    ['white space in a tag', `<x ${' '.repeat(MAX_TOKEN_BYTES)}/>`],
  ])('hold for the length of %s', (_, document) => {
    const { fault } = read(document, 1_000_000);
    expect(fault?.reason).toBe(`a tag or text over ${MAX_TOKEN_BYTES} bytes`);
  });

  it('let pass what is just as long as may be', () => {
    expect(read(`<x>${long}</x>`, 1_000_000).fault).toBeUndefined();
  });

  it('do not hold for white space outside of the document element', () => {
    expect(read(`<x/>${' '.repeat(MAX_TOKEN_BYTES + 1)}`, 1_000_000).fault).toBeUndefined();
  });
});

describe('a handler', () => {
  const handler = { close: () => undefined, text: () => undefined, wantsText: () => false };

  it('refuses a document by an XmlError', () => {
    const tokenizer = new XmlTokenizer({
      ...handler,
      open() {
        throw new XmlError('not mine');
      },
    });
    tokenizer.write(Buffer.from(' <x/>'));
    expect(tokenizer.end()).toEqual({ reason: 'not mine', byteOffset: 1 });
  });

  it('has its own faults passed on', () => {
    const tokenizer = new XmlTokenizer({
      ...handler,
      open() {
        throw new TypeError('a bug');
      },
    });
    expect(() => tokenizer.write(Buffer.from('<x/>'))).toThrow('a bug');
  });

  it('can ask where in the document it is', () => {
    const offsets: number[] = [];
    const tokenizer: XmlTokenizer = new XmlTokenizer({ ...handler, open: () => offsets.push(tokenizer.offset) });
    for (const byte of Buffer.from('<x>é<y/> <z/></x>')) tokenizer.write(Uint8Array.of(byte));
    expect(offsets).toEqual([0, 5, 10]);
  });

  it('may allow a public identifier', () => {
    const tokenizer = new XmlTokenizer({ ...handler, open: () => undefined }, /^known$/);
    tokenizer.write(Buffer.from('<!DOCTYPE x PUBLIC "known" "http://192.0.2.1/">\n<x/>'));
    expect(tokenizer.end()).toBeUndefined();
  });
});
