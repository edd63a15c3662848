import { describe, expect, it } from 'vitest';
import { addOption, addOptions, addScanner } from '#cli/scanner-options.ts';

const nmap = () => addScanner('nmap');

describe('options of a scanner', () => {
  it.each([
    ['ports=1-1024', { ports: '1-1024' }],
    ['ports=80', { ports: '80' }],
    ['topPorts=100', { topPorts: 100 }],
    ['serviceDetection=true', { serviceDetection: true }],
    ['serviceDetection=false', { serviceDetection: false }],
    ['scripts=default,safe', { scripts: ['default', 'safe'] }],
    ['scripts=', { scripts: [] }],
    ['timing=3', { timing: 3 }],
  ])('%s gets the type the scanner asks for', (text, options) =>
    expect(addOption(text, nmap())).toEqual([{ name: 'nmap', options }]),
  );

  it('add up, the last of a name standing', () => {
    const chosen = addOption('timing=3', addOptions('{"timing":2,"ports":"80"}', addOption('topPorts=10', nmap())));
    expect(chosen).toEqual([{ name: 'nmap', options: { topPorts: 10, timing: 3, ports: '80' } }]);
  });

  it.each([
    ['topPorts=many', 'Allowed: a number'],
    ['serviceDetection=yes', 'Allowed: true or false'],
    [
      'port=80',
      'nmap has no option "port". Allowed: ports, topPorts, serviceDetection, scripts, timing, hostTimeoutSeconds',
    ],
    ['constructor=1', 'nmap has no option "constructor"'],
    ['ports', 'Allowed: key=value'],
    ['=80', 'Allowed: key=value'],
  ])('%s is refused, and says what is allowed', (text, message) =>
    expect(() => addOption(text, nmap())).toThrow(message),
  );

  it.each(['', '[]', '"ports"', '{'])('as JSON, %j is refused', (json) =>
    expect(() => addOptions(json, nmap())).toThrow('Allowed: a JSON object'),
  );

  it('belong to the scanner before them', () => {
    expect(() => addOption('ports=80', [])).toThrow('the --scanner before it');
    expect(() => addOptions('{}', [])).toThrow('the --scanner before it');
  });
});

it('an unknown scanner is refused, and the known ones named', () => {
  expect(() => addScanner('nmpa')).toThrow('Allowed: nmap');
});
