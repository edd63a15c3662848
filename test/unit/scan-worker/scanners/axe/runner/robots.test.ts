/** The cases of RFC 9309, and of files that keep to no rule. */
import { describe, expect, it } from 'vitest';
import { parseRobots } from '#containers/scan-worker/scanners/axe/runner/robots.ts';

const lines = (...text: string[]) => text.join('\n');
const GENERAL = lines('User-agent: *', 'Disallow: /');

// biome-ignore format: a table reads by column
const CASES: [what: string, file: string, path: string, allowed: boolean][] = [
  ['an empty file',                          '',                                                                   '/a',              true],
  ['a page of HTML',                         '<html><p>Disallow: /</p>',                                           '/a',              true],
  ['everybody kept out',                     GENERAL,                                                              '/a',              false],
  ['everybody kept out but of robots.txt',   GENERAL,                                                              '/robots.txt',     true],
  ['somebody else kept out',                 lines('User-agent: other', 'Disallow: /'),                            '/a',              true],
  ['a group of our own before the general',  lines(GENERAL, 'User-agent: scanfleet', 'Disallow: /b'),              '/a',              true],
  ['a group of our own',                     lines(GENERAL, 'User-agent: scanfleet', 'Disallow: /b'),              '/b/c',            false],
  ['our name in any case, with a version',   lines('User-Agent: ScanFleet/2.0', 'Disallow: /b'),                   '/b',              false],
  ['a longer name that begins with ours',    lines('User-agent: scanfleetbot', 'Disallow: /'),                     '/a',              true],
  ['two groups of ours',                     lines('User-agent: scanfleet', 'Disallow: /a', GENERAL, 'User-agent: scanfleet', 'Disallow: /b'), '/a', false],
  ['two names of one group',                 lines('User-agent: other', 'User-agent: scanfleet', 'Disallow: /a'),  '/a',              false],
  ['a name behind a rule begins a group',    lines('User-agent: scanfleet', 'Disallow: /a', 'User-agent: other', 'Disallow: /b'), '/b', true],
  ['other lines between name and rule',      lines('User-agent: *', 'Sitemap: http://a/', '', 'Disallow: /a'),     '/a',              false],
  ['a rule before any name',                 lines('Disallow: /', 'User-agent: *', 'Disallow: /b'),                '/a',              true],
  ['a rule that is empty',                   lines('User-agent: *', 'Disallow:'),                                  '/a',              true],
  ['comments and spaces',                    lines(' user-agent : * # all', '\tDisallow:/a # not this'),            '/a',              false],
  ['a file of a Windows machine, with a BOM', '\uFEFFUser-agent: *\r\nDisallow: /a\r\n',                           '/a',              false],
  ['the beginning of a path',                lines('User-agent: *', 'Disallow: /fish'),                            '/fish.html',      false],
  ['another case',                           lines('User-agent: *', 'Disallow: /fish'),                            '/Fish',           true],
  ['the longest pattern, which allows',      lines('User-agent: *', 'Disallow: /a', 'Allow: /a/b'),                '/a/b/c',          true],
  ['the longest pattern, which forbids',     lines('User-agent: *', 'Allow: /a', 'Disallow: /a/b'),                '/a/b/c',          false],
  ['two alike',                              lines('User-agent: *', 'Disallow: /a', 'Allow: /a'),                  '/a',              true],
  ['anything between',                       lines('User-agent: *', 'Disallow: /*/b'),                             '/x/y/b',          false],
  ['the end',                                lines('User-agent: *', 'Disallow: /*.php$'),                          '/a.php',          false],
  ['not the end',                            lines('User-agent: *', 'Disallow: /*.php$'),                          '/a.php?x',        true],
  ['an end that comes twice',                lines('User-agent: *', 'Disallow: /*.php$'),                          '/a.php/b.php',    false],
  ['nothing but the root',                   lines('User-agent: *', 'Disallow: /$'),                               '/a',              true],
  ['the root',                               lines('User-agent: *', 'Disallow: /$'),                               '/',               false],
  ['pieces that would overlap',              lines('User-agent: *', 'Disallow: /ab*ba$'),                          '/aba',            true],
  ['a query',                                lines('User-agent: *', 'Disallow: /*?sort='),                         '/a?sort=b',       false],
  ['letters beyond ASCII',                   lines('User-agent: *', 'Disallow: /ü'),                               '/%c3%bc',         false],
  ['letters encoded without need',           lines('User-agent: *', 'Disallow: /%61'),                             '/a',              false],
  ['a slash that is encoded',                lines('User-agent: *', 'Disallow: /a%2fb'),                           '/a/b',            true],
];

describe('robots.txt', () => {
  it.each(CASES)('with %s', (_, file, path, allowed) => expect(parseRobots(file)(path)).toBe(allowed));

  it('of any size and with any pattern is decided at once', () => {
    const file = lines('User-agent: *', `Disallow: /${'*a'.repeat(5_000)}$`, 'x'.repeat(1_000_000), 'Disallow: /late');
    expect(parseRobots(file)(`/${'a'.repeat(2_000)}b`)).toBe(true);
    expect(parseRobots(file)('/late')).toBe(true);
  });
});
