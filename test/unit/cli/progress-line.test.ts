import { describe, expect, it } from 'vitest';
import { plainProgress, progressLine } from '#cli/progress-line.ts';

const half = { state: 'running', percent: 50.9, counts: '1 of 2 tasks', message: 'nmap: Connect Scan' };

describe('progressLine', () => {
  it('draws a bar where there is room', () => {
    expect(progressLine(half, 80)).toBe('[##########----------]  50% running  1 of 2 tasks  nmap: Connect Scan');
  });

  it('drops the bar on a narrow terminal, and cuts what does not fit', () => {
    expect(progressLine(half, 59)).toBe(' 50% running  1 of 2 tasks  nmap: Connect Scan');
    expect(progressLine(half, 20)).toBe(' 50% running  1 of …');
    expect(progressLine(half, 1)).toBe('…');
  });

  it.each([
    [0, '[--------------------]   0%'],
    [100, '[####################] 100%'],
  ])('draws %i percent', (percent, start) => expect(progressLine({ ...half, percent }, 80)).toContain(start));

  it("shows control characters of a scanner's words escaped", () => {
    expect(progressLine({ ...half, message: '\u001b[2J' }, 80)).toContain('\\x1b[2J');
  });
});

describe('plainProgress', () => {
  it('is one line of words for a log', () => {
    expect(plainProgress(half)).toBe('running 50%, 1 of 2 tasks, nmap: Connect Scan');
    expect(plainProgress({ ...half, message: '' })).toBe('running 50%, 1 of 2 tasks');
  });
});
