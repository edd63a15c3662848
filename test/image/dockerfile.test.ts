import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { findProgram } from '#containers/scan-worker/process.ts';

const DOCKERFILE = 'containers/scan-worker/Dockerfile';
const hadolint = findProgram('hadolint', process.env.PATH ?? '');

it.skipIf(hadolint === undefined)(
  `hadolint finds nothing${hadolint === undefined ? ' (skipped: no hadolint on PATH)' : ''}`,
  () => {
    const { status, stdout } = spawnSync(hadolint as string, ['--no-color', DOCKERFILE], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  },
);
