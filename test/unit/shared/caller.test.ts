import { describe, expect, it } from 'vitest';
import { CallerSettings, callerOf } from '#shared/caller.ts';
import { ForbiddenError } from '#shared/errors.ts';

const A = '111122223333';
const B = '444455556666';
const NONE = CallerSettings.parse({});

describe('callerOf', () => {
  it('takes a role session as its account and role; the session is only recorded', () => {
    expect(callerOf(`arn:aws:sts::${A}:assumed-role/Scanner/build-42`, NONE)).toEqual({
      principal: `${A}/Scanner`,
      account: A,
      sessionId: 'build-42',
      tenant: A,
      admin: false,
    });
  });

  // biome-ignore format: a table reads by column
  it.each([
    [`arn:aws:iam::${A}:user/anna`],
    [`arn:aws:iam::${A}:user/division/team/anna`],
    [`arn:aws:iam::${A}:root`],
    [`arn:aws:sts::${A}:federated-user/anna`],
    [`arn:aws-us-gov:iam::${A}:user/anna`],
    [`arn:aws-cn:iam::${A}:root`],
  ])('takes %s as it stands', (arn) => expect(callerOf(arn, NONE)).toEqual({ principal: arn, account: A, tenant: A, admin: false }));

  it.each(['aws', 'aws-us-gov', 'aws-cn', 'aws-iso-b', 'aws-eusc'])(
    'takes a role session of the partition %s',
    (partition) =>
      expect(callerOf(`arn:${partition}:sts::${A}:assumed-role/Scanner/s@example.com`, NONE).principal).toBe(
        `${A}/Scanner`,
      ),
  );

  it.each([
    null,
    undefined,
    '',
    'anonymous',
    A,
    `arn:aws:iam::${A}:role/Scanner`,
    `arn:aws:iam::${A}:role/path/Scanner`,
    `arn:aws:sts::${A}:assumed-role/Scanner`,
    `arn:aws:sts::${A}:assumed-role/Scanner/`,
    `arn:aws:sts::${A}:assumed-role//session`,
    `arn:aws:sts::${A}:assumed-role/path/Scanner/session`,
    `arn:aws:iam::${A}:assumed-role/Scanner/session`,
    `arn:aws:iam::${A}:user/`,
    `arn:aws:iam::${A}:user`,
    `arn:aws:iam::${A}:root/x`,
    `arn:aws:sts::${A}:root`,
    `arn:aws:iam::${A}:federated-user/anna`,
    `arn:aws:iam::12345:user/anna`,
    `arn:aws:iam:eu-west-1:${A}:user/anna`,
    `arn:aws:lambda::${A}:user/anna`,
    `arn:evil:iam::${A}:user/anna`,
    `arn:aws:iam::${A}:root\n`,
    ` arn:aws:iam::${A}:root`,
    `x arn:aws:sts::${A}:assumed-role/Scanner/session`,
  ])('refuses %j', (arn) => {
    expect(() => callerOf(arn, NONE)).toThrow(ForbiddenError);
    expect(() => callerOf(arn, NONE)).toThrow(expect.objectContaining({ code: 'unknown_principal' }));
  });

  const settings = CallerSettings.parse({
    tenants: [
      { account: A, name: 'Shop', tenant: 'shop' },
      { account: A, name: 'anna', tenant: 'people' },
      { account: A, tenant: 'everybody-else' },
      { account: A, name: 'Late', tenant: 'never' },
    ],
    admins: [{ account: A, name: 'Admin' }, { account: B }],
  });
  // biome-ignore format: a table reads by column
  it.each([
    [`arn:aws:sts::${A}:assumed-role/Shop/s`,       'shop',           false],
    [`arn:aws:sts::${A}:assumed-role/shop/s`,       'everybody-else', false],
    [`arn:aws:sts::${A}:assumed-role/Other/Shop`,   'everybody-else', false],
    [`arn:aws:sts::${A}:assumed-role/Late/s`,       'everybody-else', false],
    [`arn:aws:iam::${A}:user/team/anna`,            'people',         false],
    [`arn:aws:iam::${A}:user/anna/bert`,            'everybody-else', false],
    [`arn:aws:iam::${A}:root`,                      'everybody-else', false],
    [`arn:aws:sts::${A}:assumed-role/Admin/s`,      'everybody-else', true],
    [`arn:aws:sts::${B}:assumed-role/Shop/s`,       B,                true],
  ])('finds the tenant of %s: %s, admin %s', (arn, tenant, admin) => {
    expect(callerOf(arn, settings)).toMatchObject({ tenant, admin });
  });
});

describe('the settings about callers', () => {
  it.each([
    { tenants: [{ account: '1', tenant: 'a' }] },
    { tenants: [{ account: A, tenant: 'Not-Lower' }] },
    { tenants: [{ account: A, tenant: 'a#b' }] },
    { tenants: [{ account: A, tenant: 'a/b' }] },
    { admins: [{ account: A, tenant: 'a' }] },
    { admin: [] },
  ])('refuse %j', (settings) => expect(CallerSettings.safeParse(settings).success).toBe(false));
});
