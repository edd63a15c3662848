/** Ending a scan on its server: in order, then by force; and what an attempt that died left there. */
import type { ProcedureWork } from '../../scanner.ts';
import { type Member, type PoolDeps, scanName, taskPrefix } from './pool.ts';
import type { NessusServer } from './server.ts';
import { stateOf } from './status.ts';

/** How long a scan may take to stop, and then to be killed; a worker that shuts down has a minute for it all. */
const STOP_LOOKS = 15;
const KILL_LOOKS = 5;
const LOOK_MS = 1_000;
const PATIENCE_MS = 30_000;

/** Whether it has ended. Never rejects: whoever stops a scan has a reason of its own to tell. */
export async function endScan(deps: PoolDeps, asked: NessusServer, id: number): Promise<boolean> {
  // Whatever ended our run must not end this.
  const server = asked.until(AbortSignal.timeout(PATIENCE_MS));
  try {
    await server.end(id, 'stop');
    if (await hasEnded(deps, server, id, STOP_LOOKS)) return true;
    await server.end(id, 'kill');
    if (await hasEnded(deps, server, id, KILL_LOOKS)) return true;
    deps.log.warn('a scan goes on though it was told to stop', { scan: id });
  } catch (error) {
    deps.log.warn('a scan could not be told to stop', { scan: id, error });
  }
  return false;
}

async function hasEnded(deps: PoolDeps, server: NessusServer, id: number, looks: number): Promise<boolean> {
  for (let look = 1; look <= looks; look += 1) {
    const { status } = (await server.details(id)).info;
    if (stateOf(status) !== 'open' || status === 'empty') return true;
    if (look < looks) await deps.clock.sleep(LOOK_MS);
  }
  return false;
}

/** Never rejects: a scan too many on the server does no harm. */
export async function removeScan(deps: PoolDeps, server: NessusServer, id: number): Promise<void> {
  await server
    .until(AbortSignal.timeout(PATIENCE_MS))
    .remove(id)
    .catch((error: unknown) => {
      deps.log.warn('a scan could not be deleted', { scan: id, error });
    });
}

/**
 * Ends what earlier attempts at this task left behind: their worker died. Gives back the members as they are afterwards. Rejects when a
 * server does not answer.
 */
export async function endOrphans(
  deps: PoolDeps,
  members: readonly Member[],
  { task, log }: Pick<ProcedureWork, 'task' | 'log'>,
): Promise<Member[]> {
  const isOrphan = ({ name }: { name: string }) => name.startsWith(taskPrefix(task)) && name !== scanName(task);
  return Promise.all(
    members.map(async (member) => {
      const { instance, server, scans } = member;
      const orphans = scans.filter(isOrphan);
      if (orphans.length === 0) return member;
      for (const { id } of orphans) {
        const ended = await endScan(deps, server, id);
        log(`ended scan ${id} on ${instance.name}, which an earlier attempt had left`);
        if (ended && instance.afterScan === 'delete') await removeScan(deps, server, id);
      }
      return { ...member, scans: await server.scans() };
    }),
  );
}
