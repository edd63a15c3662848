/**
 * A bound on what a page takes beside its scripts' heap. Chromium reserves terabytes of address space, so no resource limit of the kernel
 * fits it (setrlimit(2)): what its renderers really hold is looked at, and the largest is killed when it is too much. The page is lost then.
 */
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';

const MAX_RENDERER_BYTES = 1024 ** 3;
const LOOK_EVERY_MS = 250;
/** Of proc_pid_statm(5), where sizes are counted in pages; 4 KiB on the machines we run on. */
const PAGE_BYTES = 4_096;

export interface MemoryWatch {
  /** How many renderers were killed so far. */
  kills(): number;
}

/** Watches until the browser is gone. Where there is no /proc it sees nothing. */
export async function watchMemory(browser: Browser): Promise<MemoryWatch> {
  const session = await browser.newBrowserCDPSession();
  let kills = 0;
  const look = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer');
    const held = await Promise.all(renderers.map(async ({ id }) => ({ id, bytes: await residentBytes(id) })));
    for (const { id, bytes } of held) {
      if (bytes <= MAX_RENDERER_BYTES) continue;
      kills += 1;
      process.kill(id, 'SIGKILL');
    }
  };
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS); // a process may be gone meanwhile
  browser.on('disconnected', () => clearInterval(timer));
  return { kills: () => kills };
}

async function residentBytes(pid: number): Promise<number> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '');
  return Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES;
}
