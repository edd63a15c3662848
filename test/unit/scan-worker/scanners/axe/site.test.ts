import { describe, expect, it } from 'vitest';
import { isWithin, resolverRules, siteOf } from '#containers/scan-worker/scanners/axe/site.ts';
import { named } from '#test/support/nmap.ts';

// biome-ignore format: a table reads by column
const SITES: [host: string, address: string, url: string, rules: string][] = [
  ['http://app.example:8080/a?b', '192.0.2.7',   'http://app.example:8080/a?b', 'MAP app.example:8080 192.0.2.7:8080, MAP * ~NOTFOUND'],
  ['https://app.example/',        '192.0.2.7',   'https://app.example/',        'MAP app.example:443 192.0.2.7:443, MAP * ~NOTFOUND'],
  ['http://app.example/',         '192.0.2.7',   'http://app.example/',         'MAP app.example:80 192.0.2.7:80, MAP app.example:443 192.0.2.7:443, MAP * ~NOTFOUND'],
  ['app.example',                 '2001:db8::7', 'http://app.example/',         'MAP app.example:80 [2001:db8::7]:80, MAP app.example:443 [2001:db8::7]:443, MAP * ~NOTFOUND'],
  ['192.0.2.7',                   '192.0.2.7',   'http://192.0.2.7/',           'MAP 192.0.2.7:80 192.0.2.7:80, MAP 192.0.2.7:443 192.0.2.7:443, MAP * ~NOTFOUND'],
  ['2001:db8::7',                 '2001:db8::7', 'http://[2001:db8::7]/',       'MAP [2001:db8::7]:80 [2001:db8::7]:80, MAP [2001:db8::7]:443 [2001:db8::7]:443, MAP * ~NOTFOUND'],
];

describe('the site of a target', () => {
  it.each(SITES)('%s at %s is opened, and nothing else can be reached', (host, address, url, rules) => {
    const site = siteOf(named(host, address));
    expect(site.url).toBe(url);
    expect(resolverRules(site)).toBe(rules);
  });

  it.each([
    ['http://app.example/b', true],
    ['https://app.example/', true],
    ['http://app.example:8080/', false],
    ['https://app.example:8443/', false],
    ['http://www.app.example/', false],
    ['http://app.example@other.example/', false],
    ['about:blank', false],
    ['data:text/html,x', false],
    ['nonsense', false],
  ])('of http://app.example/ has %s: %s', (url, expected) => {
    expect(isWithin(siteOf(named('http://app.example/')), url)).toBe(expected);
  });

  it('of https has nothing without it', () => {
    expect(isWithin(siteOf(named('https://app.example/')), 'http://app.example/')).toBe(false);
  });
});
