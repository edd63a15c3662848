import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newTenant, race, type StoreUnderTest, startStore } from '#test/support/store-under-test.ts';

let under: StoreUnderTest;
beforeAll(async () => {
  under = await startStore({ ratePerSecond: 2, rateBurst: 3 });
});
afterAll(() => under.close());

const OK = { ok: true };
const take = (tenant: string, principal = 'acme/ann') => under.store.takeToken(tenant, principal);

describe('takeToken', () => {
  it('lets a burst through, then one for each interval', async () => {
    const tenant = newTenant();
    for (let n = 0; n < 3; n += 1) expect(await take(tenant)).toEqual(OK);
    expect(await take(tenant)).toEqual({ ok: false, retryAfterSeconds: 0.5 });
    under.pass(0.3);
    expect(await take(tenant)).toEqual({ ok: false, retryAfterSeconds: 0.2 });
    under.pass(0.2);
    expect(await take(tenant)).toEqual(OK);
    expect(await take(tenant)).toMatchObject({ ok: false });
  });

  it('fills the bucket again, but not beyond its size', async () => {
    const tenant = newTenant();
    for (let n = 0; n < 3; n += 1) await take(tenant);
    under.pass(3_600);
    for (let n = 0; n < 3; n += 1) expect(await take(tenant)).toEqual(OK);
    expect(await take(tenant)).toMatchObject({ ok: false });
  });

  it('counts each principal of a tenant for itself', async () => {
    const tenant = newTenant();
    for (let n = 0; n < 3; n += 1) await take(tenant, 'acme/ann');
    expect(await take(tenant, 'acme/bob')).toEqual(OK);
    expect(await take(tenant, 'acme/ann')).toMatchObject({ ok: false });
  });

  it('gives no more tokens than there are to many at once', async () => {
    const tenant = newTenant();
    const taken = await race(...Array.from({ length: 12 }, () => () => take(tenant)));
    expect(taken.filter((settled) => settled.status === 'fulfilled' && settled.value.ok)).toHaveLength(3);
  });

  it('costs one write, or two within a burst, and nothing when the rate is off', async () => {
    const tenant = newTenant();
    under.calls.length = 0;
    await take(tenant);
    expect(under.calls).toHaveLength(1);
    await take(tenant);
    expect(under.calls).toHaveLength(3);
    under.calls.length = 0;
    expect(await under.withLimits({ ratePerSecond: Number.POSITIVE_INFINITY }).takeToken(tenant, 'acme/ann')).toEqual(
      OK,
    );
    expect(under.calls).toEqual([]);
  });
});
