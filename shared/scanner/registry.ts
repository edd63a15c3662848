/** `config/scanners.yaml`: the places where scanners run that are services of their own. docs/scanners.md explains each field. */
import * as z from 'zod';
import { ValidationError } from '../errors.ts';
import { SecretReference } from '../secrets.ts';

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Credentials go there: encrypted, or not off this machine. */
function faultOfUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'must be a URL, as in https://nessus.example:8834';
  if (url.username || url.password || url.search || url.hash)
    return 'must have no user name, password, query or fragment';
  const encrypted = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname));
  return encrypted ? undefined : 'must begin with https:// (http:// only on loopback)';
}

const InstanceUrl = z
  .string()
  .superRefine((text, ctx) => {
    const message = faultOfUrl(text);
    if (message) ctx.addIssue({ code: 'custom', message });
  })
  .transform((text) => text.replace(/\/+$/, ''));

/** Whose certificates are trusted, in place of the well-known authorities. That nothing is verified cannot be said. */
const Tls = z
  .strictObject({
    ca: z.string().includes('-----BEGIN CERTIFICATE-----', 'must be a certificate in PEM').optional(),
    caFile: z.string().startsWith('/', 'must be an absolute path, where the workers run').optional(),
  })
  .refine(({ ca, caFile }) => (ca === undefined) !== (caFile === undefined), {
    message: 'must have one of ca and caFile',
  });

export const InstanceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 lower-case letters, digits or hyphens');

const NessusInstance = z.strictObject({
  name: InstanceName,
  enabled: z.boolean().default(true),
  url: InstanceUrl,
  credentials: SecretReference,
  tls: Tls.optional(),
  /** Scans that may run on it at once, whoever started them. */
  maxConcurrentScans: z.int().min(1).max(1_000).default(4),
  pollSeconds: z.number().min(0.1).max(3_600).default(30),
  /** What becomes of a scan on the server once it has been brought home. */
  afterScan: z.enum(['delete', 'keep']).default('delete'),
});
export type NessusInstance = z.output<typeof NessusInstance>;

const ScannerRegistry = z.strictObject({
  nessus: z
    .array(NessusInstance)
    .max(100)
    .default([])
    .superRefine((instances, ctx) => {
      const names = instances.map(({ name }) => name);
      for (const [at, name] of names.entries())
        if (names.indexOf(name) < at)
          ctx.addIssue({ code: 'custom', path: [at, 'name'], message: `is ${name} again; each name is used once` });
    }),
});
export type ScannerRegistry = z.output<typeof ScannerRegistry>;

/** From the parsed YAML. Throws ValidationError naming each field that cannot be used. */
export function readRegistry(document: unknown): ScannerRegistry {
  const parsed = ScannerRegistry.safeParse(document ?? {});
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({ field: path.join('.') || 'scanners', message }));
  throw new ValidationError(errors, { cause: parsed.error });
}
