/** One Nessus server: the calls of its API that a scan takes. Reading is tried again where that can help; what changes something is not. */
import * as z from 'zod';
import { CorruptError, NotFoundError, ScanfleetError } from '#shared/errors.ts';
import { type RetryDeps, retry } from '../../retry.ts';
import { type Call, type Connection, NessusStateError } from './connection.ts';
import type { Credentials } from './credentials.ts';

const Status = z.object({ status: z.string() });
const Properties = z.object({ server_version: z.string().optional(), nessus_ui_version: z.string().optional() });
const Listed = z.object({ id: z.int(), name: z.string(), status: z.string() });
/** `null` where there are none. */
const Scans = z.object({ scans: z.array(Listed).nullish() });
const Templates = z.object({ templates: z.array(z.object({ uuid: z.string(), name: z.string() })) });
const Created = z.object({ scan: z.object({ id: z.int() }) });
const Amount = z.number().catch(0).default(0);
const Details = z.object({
  info: z.object({ status: z.string() }),
  hosts: z
    .array(z.object({ scanprogresscurrent: Amount, scanprogresstotal: Amount }))
    .nullish()
    .catch(null),
});
const Exported = z.object({ file: z.union([z.string(), z.number()]), token: z.string().nullish() });
const Session = z.object({ token: z.string().regex(/^[\x21-\x7e]{1,512}$/) });

export type ListedScan = z.output<typeof Listed>;
export type ScanDetails = z.output<typeof Details>;
export type Exported = z.output<typeof Exported>;

export interface NewScan {
  readonly name: string;
  /** Of the template. */
  readonly uuid: string;
  readonly policyId?: number | undefined;
  readonly targets: string;
}

export interface NessusServer {
  /** `ready` when it can be worked with. */
  status(): Promise<string>;
  version(): Promise<string | undefined>;
  scans(): Promise<readonly ListedScan[]>;
  templates(): Promise<readonly { readonly uuid: string; readonly name: string }[]>;
  create(scan: NewScan): Promise<number>;
  launch(id: number): Promise<void>;
  details(id: number): Promise<ScanDetails>;
  /** `stop` lets hosts in work come to their end, `kill` does not. False where the scan is in no state for it. */
  end(id: number, how: 'stop' | 'kill'): Promise<boolean>;
  remove(id: number): Promise<void>;
  startExport(id: number): Promise<Exported>;
  exportStatus(id: number, exported: Exported): Promise<string>;
  download(id: number, exported: Exported, file: string, maxBytes: number): Promise<void>;
  /** The same server, for as long as another signal lasts. */
  until(signal: AbortSignal): NessusServer;
  /** Ends the session and its connections. */
  close(): Promise<void>;
}

export interface ServerDeps extends RetryDeps {
  readonly connection: Connection;
  readonly credentials: Credentials;
}

export function nessusServer(deps: ServerDeps, signal: AbortSignal, session = sessionOf(deps)): NessusServer {
  const ask = <T>(schema: z.ZodType<T>, method: Call['method'], path: string, body?: object): Promise<T> =>
    session.within(signal, async (headers) => {
      const said = schema.safeParse(
        await deps.connection.json({ method, path, headers, signal, ...(body && { body }) }),
      );
      if (said.success) return said.data;
      throw new CorruptError('nessus_refused', `Nessus answers ${method} ${path.split('?')[0]} with something else`);
    });
  const read = <T>(schema: z.ZodType<T>, path: string): Promise<T> =>
    patiently(deps, `a call of Nessus (${path})`, signal, () => ask(schema, 'GET', path));
  const exportPath = (id: number, { file, token }: Exported, what: 'status' | 'download') =>
    token ? `/tokens/${token}/${what}` : `/scans/${id}/export/${file}/${what}`;

  return {
    status: async () => (await read(Status, '/server/status')).status,
    async version() {
      const { server_version, nessus_ui_version } = await read(Properties, '/server/properties');
      return server_version ?? nessus_ui_version;
    },
    scans: async () => (await read(Scans, '/scans')).scans ?? [],
    templates: async () => (await read(Templates, '/editor/scan/templates')).templates,
    async create({ name, uuid, policyId, targets }) {
      const settings = {
        ...{ name, text_targets: targets, enabled: false, launch: 'ON_DEMAND' },
        ...(policyId === undefined ? {} : { policy_id: policyId }),
      };
      return (await ask(Created, 'POST', '/scans', { uuid, settings })).scan.id;
    },
    launch: async (id) => void (await ask(z.unknown(), 'POST', `/scans/${id}/launch`)),
    details: (id) => read(Details, `/scans/${id}`),
    end: (id, how) =>
      ask(z.unknown(), 'POST', `/scans/${id}/${how}`).then(
        () => true,
        (error: unknown) => {
          if (error instanceof NessusStateError || error instanceof NotFoundError) return false;
          throw error;
        },
      ),
    remove: async (id) => void (await ask(z.unknown(), 'DELETE', `/scans/${id}`)),
    startExport: (id) => ask(Exported, 'POST', `/scans/${id}/export`, { format: 'nessus' }),
    exportStatus: async (id, exported) => (await read(Status, exportPath(id, exported, 'status'))).status,
    download: (id, exported, file, maxBytes) =>
      patiently(deps, 'a download from Nessus', signal, () =>
        session.within(signal, (headers) =>
          deps.connection.download(
            { method: 'GET', path: exportPath(id, exported, 'download'), headers, signal },
            ...([file, maxBytes] as const),
          ),
        ),
      ),
    until: (other) => nessusServer(deps, other, session),
    close: session.close,
  };
}

/** Tries again what may pass: no answer, a fault of the server, too many calls. */
export const patiently = <T>(deps: RetryDeps, what: string, signal: AbortSignal, act: () => Promise<T>): Promise<T> =>
  retry(deps, what, signal, act, (error) => error instanceof ScanfleetError && error.retryable);

/** Who we are to the server, in each call's headers. A token that it does not know any more is bought anew, once. */
function sessionOf({ connection, credentials }: ServerDeps) {
  let token: string | undefined;
  const login = async (signal: AbortSignal): Promise<string> => {
    const said = Session.safeParse(
      await connection.json({ method: 'POST', path: '/session', body: credentials, signal }),
    );
    if (said.success) return said.data.token;
    throw new CorruptError('nessus_refused', 'Nessus answers a login with something else than a token');
  };
  return {
    async within<T>(signal: AbortSignal, act: (headers: Record<string, string>) => Promise<T>): Promise<T> {
      if ('accessKey' in credentials) {
        const { accessKey, secretKey } = credentials;
        return act({ 'x-apikeys': `accessKey=${accessKey}; secretKey=${secretKey}` });
      }
      const isNew = token === undefined;
      token ??= await login(signal);
      try {
        return await act({ 'x-cookie': `token=${token}` });
      } catch (error) {
        if (isNew || !(error instanceof ScanfleetError) || error.code !== 'nessus_denied') throw error;
        token = await login(signal);
        return act({ 'x-cookie': `token=${token}` });
      }
    },
    async close(): Promise<void> {
      if (token !== undefined) {
        const [headers, signal] = [{ 'x-cookie': `token=${token}` }, AbortSignal.timeout(LOGOUT_MS)];
        await connection.json({ method: 'DELETE', path: '/session', headers, signal }).catch(() => undefined);
      }
      connection.close();
    },
  };
}

/** A session that is not ended runs out by itself. */
const LOGOUT_MS = 2_000;
