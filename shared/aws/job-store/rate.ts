/**
 * Requests a second for each principal: the generic cell rate algorithm (ITU-T I.371) on one item. `tatMs` is the theoretical arrival
 * time: when the next request would be due if they came evenly. Each token is one conditional update, so that callers at once never
 * take more than there are.
 */
import type { JobStore } from '../../job/store.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import { rateKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import type { Item } from './database.ts';
import { expiryIn } from './items.ts';

const MAX_LOST_RACES = 8;
/** Longer than any bucket needs to fill. */
const RATE_TTL_SECONDS = 86_400;

type Taken = Awaited<ReturnType<JobStore['takeToken']>>;

export async function takeToken({ db, limits, now }: StoreContext, tenant: string, principal: string): Promise<Taken> {
  if (!Number.isFinite(limits.ratePerSecond)) return { ok: true };
  const intervalMs = 1000 / limits.ratePerSecond;
  const key = rateKey(tenant, principal);
  let tatMs = 0;
  for (let races = 0; races <= MAX_LOST_RACES; races += 1) {
    const at = now();
    const nowMs = at.getTime();
    const latestMs = nowMs + (limits.rateBurst - 1) * intervalMs;
    if (tatMs > latestMs) return { ok: false, retryAfterSeconds: (tatMs - latestMs) / 1000 };
    const set = { schemaVersion: SCHEMA_VERSION, ...expiryIn(at, RATE_TTL_SECONDS) };
    const taken = await db.write(
      tatMs <= nowMs
        ? {
            kind: 'update',
            key,
            when: '(attribute_not_exists(#tatMs) OR #tatMs <= :nowMs)',
            values: { nowMs },
            set: { ...set, tatMs: nowMs + intervalMs },
          }
        : {
            kind: 'update',
            key,
            when: '#tatMs > :nowMs AND #tatMs <= :latestMs',
            values: { nowMs, latestMs },
            set,
            add: { tatMs: intervalMs },
          },
    );
    if (taken.ok) return { ok: true };
    tatMs = tatOf(taken.old);
  }
  return { ok: false, retryAfterSeconds: intervalMs / 1000 };
}

const tatOf = (item: Item | undefined): number => (typeof item?.tatMs === 'number' ? item.tatMs : 0);
