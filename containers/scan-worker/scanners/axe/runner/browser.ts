/** The browser: started so that it keeps to itself, talks to one place only, and does not outlive this program. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { environment } from '#shared/env.ts';
import { mortal } from '../../../parent-death.ts';
import type { RunnerRequest } from '../request.ts';
import { resolverRules } from '../site.ts';

/** MiB a page's scripts may fill. What else a page takes is seen to by memory.ts. */
const SCRIPT_HEAP_MIB = 512;
const LAUNCH_MS = 60_000;

/**
 * Chromium puts a socket into TMPDIR, and ends when the socket's path has more than the 107 bytes that unix(7) allows. Its working directory
 * is the run's private one, as ours is, and has a short name there.
 */
const SHORT_DIRECTORY = '/proc/self/cwd';

const FLAGS = [
  '--headless',
  // Chromium's sandbox needs user namespaces or a set-user-id helper; Fargate permits neither. What holds a page that breaks out of its
  // renderer is what holds every scanner: a user without rights, an environment without secrets, a container of its own.
  '--no-sandbox',
  // No graphics card, and /dev/shm holds 64 MiB in a container: shared memory lies in TMPDIR.
  '--disable-gpu',
  '--disable-dev-shm-usage',
  // QUIC would go past what resolverRules sees of ports; a proxy would resolve names itself; WebRTC sends UDP to whom a page names.
  '--disable-quic',
  '--no-proxy-server',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--force-webrtc-ip-handling-policy',
  // Nothing of its own: no first run, updates, reports, accounts, keys, extensions.
  '--no-first-run',
  '--no-default-browser-check',
  '--no-startup-window',
  '--no-service-autorun',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-component-extensions-with-background-pages',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--disable-breakpad',
  '--disable-client-side-phishing-detection',
  '--disable-search-engine-choice-screen',
  '--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider',
  '--password-store=basic',
  '--use-mock-keychain',
  '--metrics-recording-only',
  // Whatever a page asks of its visitor is refused.
  '--deny-permission-prompts',
  '--mute-audio',
  // Pages look alike in every run: colours are measured.
  '--force-color-profile=srgb',
  '--hide-scrollbars',
  `--js-flags=--max-old-space-size=${SCRIPT_HEAP_MIB}`,
];

/**
 * Playwright starts browsers in a process group of their own, which the worker's signals do not reach: so the kernel is asked to kill this
 * one when we are gone, however that comes (parent-death.ts); its renderers end with it. All of its flags are ours, and so is the profile:
 * in the private directory, which the worker removes. Rejects when it does not start.
 */
export async function openBrowser({
  chromium: program,
  site,
}: Pick<RunnerRequest, 'chromium' | 'site'>): Promise<Browser> {
  const flags = [
    ...FLAGS,
    `--user-data-dir=${join(tmpdir(), 'profile')}`,
    `--host-resolver-rules=${resolverRules(site)}`,
    '--remote-debugging-pipe',
  ];
  const [executablePath, args] = mortal(program, flags);
  const env = { ...environment(), TMPDIR: existsSync(SHORT_DIRECTORY) ? SHORT_DIRECTORY : tmpdir() };
  try {
    return await chromium.launch({
      ...{ executablePath, args: [...args], ignoreDefaultArgs: true, env, timeout: LAUNCH_MS },
      ...{ handleSIGHUP: false, handleSIGINT: false, handleSIGTERM: false },
    });
  } catch (error) {
    throw new Error(`the browser did not start: ${reasonIn(String(error))}`, { cause: error });
  }
}

/** What the browser itself said last of it, out of all that Playwright tells; else Playwright's first line. */
const reasonIn = (message: string): string =>
  /\[err\] (?:\[[^\]]*\])?(.*FATAL.*)/.exec(message)?.[1] ?? message.split('\n')[0] ?? '';
