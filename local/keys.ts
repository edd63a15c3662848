/** Who may call the local service: three identities with keys of this installation's own, as an AWS account would have roles and sessions. */
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import type { CallerSettings } from '#shared/caller.ts';
import { CorruptError } from '#shared/errors.ts';

const KeyPair = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() });
export type KeyPair = z.output<typeof KeyPair>;

const Identity = KeyPair.extend({ name: z.string(), tenant: z.string(), role: z.string() });
export type Identity = z.output<typeof Identity>;

const Keys = z.object({
  /** Of the HTTP API. */
  identities: z.array(Identity).length(3),
  /** Of the functions and workers at the emulators. */
  service: KeyPair,
});
export type Keys = z.output<typeof Keys>;

/** The account everything local belongs to: none that AWS gives out. */
export const LOCAL_ACCOUNT = '000000000000';

// biome-ignore format: a table reads by column
const ROLES = [
  { name: 'acme',   tenant: 'acme',       role: 'acme-security' },
  { name: 'globex', tenant: 'globex',     role: 'globex-security' },
  { name: 'admin',  tenant: 'operations', role: 'fleet-admin' },
];

/** What the functions are told of these roles. */
export const callerSettings: CallerSettings = {
  tenants: ROLES.map(({ role, tenant }) => ({ account: LOCAL_ACCOUNT, name: role, tenant })),
  admins: [{ account: LOCAL_ACCOUNT, name: 'fleet-admin' }],
};

export const userArnOf = ({ role }: Identity): string => `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${role}/local`;

/** The keys in `file`, made and stored (0600) when it does not exist. CorruptError when it is something else. */
export async function readOrMakeKeys(file: string): Promise<Keys> {
  try {
    return Keys.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new CorruptError('keys_unreadable', `${file} cannot be used; start once with --fresh to make new keys`, {
        cause,
      });
  }
  const keys = { identities: ROLES.map((row) => ({ ...row, ...newKeyPair() })), service: newKeyPair() };
  await writeFile(file, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return keys;
}

/**
 * The public half, as PEM, of the key in `file` that signs evidence: P-256, made and stored (0600) when there is none. CorruptError when it
 * is something else.
 */
export async function readOrMakeEvidenceKey(file: string): Promise<string> {
  try {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  }
  try {
    return createPublicKey(await readFile(file, 'utf8'))
      .export({ type: 'spki', format: 'pem' })
      .toString();
  } catch (cause) {
    const message = `${file} is no key; start once with --fresh to make a new one`;
    throw new CorruptError('keys_unreadable', message, { cause });
  }
}

/** In the shape of AWS keys (20 letters and digits, 40 of base64), and recognisably none. */
const newKeyPair = (): KeyPair => ({
  accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase().slice(1)}`,
  secretAccessKey: randomBytes(30).toString('base64'),
});
