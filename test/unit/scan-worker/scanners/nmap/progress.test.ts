import { describe, expect, it } from 'vitest';
import { nmapProgress } from '#containers/scan-worker/scanners/nmap/progress.ts';
import { member, named, nmapFixture, runOf } from '#test/support/nmap.ts';

const range = (count: number) => Array.from({ length: count }, (_, i) => member('192.0.2.0/24', `192.0.2.${i}`));
const task = (name: string, percent: number | string) =>
  `<taskprogress task="${name}" time="1" percent="${percent}"/>\n`;
const HOST = '<host><status state="up" reason="x"/></host>\n';

/** A reader, and what it says after each piece of output: percent and message. */
function reading(reader: ReturnType<typeof nmapProgress>) {
  reader.write('stdout', Buffer.from('<nmaprun>'));
  return (xml: string) => {
    reader.write('stdout', Buffer.from(xml));
    const { percent, message } = reader.latest() ?? {};
    return [percent, message];
  };
}

describe('nmapProgress', () => {
  it('knows nothing before nmap says something', () => {
    expect(nmapProgress(runOf([named('192.0.2.1')])).latest()).toBeUndefined();
  });

  it("maps the percents of a host's phases onto one number that never falls", () => {
    const then = reading(nmapProgress(runOf([named('192.0.2.1')], { serviceDetection: true })));
    expect(then(task('Connect Scan', '50.00'))).toEqual([18, 'Connect Scan']);
    expect(then(task('Connect Scan', '100.00'))).toEqual([37, 'Connect Scan']);
    expect(then(task('Service scan', '0.00'))).toEqual([37, 'Service scan']);
    expect(then(task('Service scan', '50.00'))).toEqual([50, 'Service scan']);
    expect(then(task('NSE', '99.00'))).toEqual([99, 'NSE']);
    expect(then(task('Connect Scan', '1.00'))).toEqual([99, 'Connect Scan']);
  });

  it('counts hosts that are done, group by group', () => {
    const reader = nmapProgress(runOf(range(128)));
    const then = reading(reader);
    expect(then(task('Ping Scan', '100.00'))).toEqual([7, 'Ping Scan']);
    expect(then(task('SYN Stealth Scan', '50.00'))).toEqual([28, 'SYN Stealth Scan']);
    expect(then(HOST.repeat(64))).toEqual([50, 'SYN Stealth Scan']);
    expect(then(task('SYN Stealth Scan', '50.00'))).toEqual([78, 'SYN Stealth Scan']);
    expect(then(HOST.repeat(64))).toEqual([99, 'SYN Stealth Scan']);
    expect(reader.latest()).toMatchObject({ current: 128, total: 128 });
  });

  it('stays within bounds whatever the output holds', () => {
    const reader = nmapProgress(runOf([named('192.0.2.1')]));
    const then = reading(reader);
    expect(then(task('Connect Scan', '-5'))).toEqual([0, 'Connect Scan']);
    expect(then(task('Connect Scan', 'much'))).toEqual([0, 'Connect Scan']);
    expect(then(task('Connect Scan', '1e9'))).toEqual([99, 'Connect Scan']);
    then(HOST.repeat(10));
    expect(reader.latest()).toMatchObject({ current: 1, total: 1, percent: 99 });
  });

  it('passes over phases it does not know, stderr, and output that is no XML', () => {
    const reader = nmapProgress(runOf([named('192.0.2.1')]));
    reader.write('stderr', Buffer.from(task('Connect Scan', 50)));
    reader.write('stdout', Buffer.from(`<nmaprun>${task('Traceroute', 50)}`));
    reader.write('stdout', Buffer.from('no XML'));
    reader.write('stdout', Buffer.from('</wrong>'));
    reader.write('stdout', Buffer.from(task('Connect Scan', 50)));
    expect(reader.latest()).toBeUndefined();
  });

  it('reads a recorded run piece by piece', () => {
    const reader = nmapProgress(runOf([named('127.0.0.1')]));
    const percents: number[] = [];
    for (const byte of nmapFixture('progress')) {
      reader.write('stdout', Uint8Array.of(byte));
      const { percent } = reader.latest() ?? {};
      if (percent !== undefined && percent !== percents.at(-1)) percents.push(percent);
    }
    expect(percents).toEqual([16, 33, 58, 75, 99]);
  });
});
