/**
 * What CloudFormation replaces when it changes: the table and the bucket with everything in them, the key that every login has pinned, and
 * what is known outside the stack.
 * Each is written out here as it was first deployed. Do not just copy a new value: docs/deploy.md, "Upgrading", tells how data moves.
 */
import { expect, it } from 'vitest';
import { resourcesOf, synthesize } from './synthesized.ts';

const { resources } = resourcesOf(synthesize({ stage: 'prod' }));
const REPLACES = 'A stack that exists would lose its data: see docs/deploy.md, "Upgrading"';

/** Logical ids: a resource under another one is a new, empty resource, and the old one is orphaned. */
const STATEFUL = {
  JobsTable10C8EDF6: 'AWS::DynamoDB::Table',
  ResultsBucket46167C27: 'AWS::S3::Bucket',
  EvidenceKey11A13AF7: 'AWS::KMS::Key',
} as const;

it('table, bucket and key stand where they stood', () => {
  for (const [id, type] of Object.entries(STATEFUL)) expect(resources.get(id)?.Type, `${REPLACES} (${id})`).toBe(type);
  const others = [...resources].filter(([, { Type }]) => Object.values<string>(STATEFUL).includes(Type));
  expect(others.map(([id]) => id).sort(), REPLACES).toEqual(Object.keys(STATEFUL).sort());
});

it('the table keeps its name, keys and indexes', () => {
  const { TableName, KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, TimeToLiveSpecification } =
    resources.get('JobsTable10C8EDF6')?.Properties ?? {};
  const keys = (schema: { AttributeName: string; KeyType: string }[]) =>
    schema.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).join(', ');
  const indexes = GlobalSecondaryIndexes.map(
    (index: { IndexName: string; KeySchema: never[]; Projection: { ProjectionType: string } }) =>
      `${index.IndexName}: ${keys(index.KeySchema)}, ${index.Projection.ProjectionType}`,
  );
  expect(TableName, REPLACES).toBeUndefined();
  expect(keys(KeySchema), REPLACES).toBe('HASH pk, RANGE sk');
  expect(indexes, `${REPLACES}; one index can be added or taken away in an update, none changed`).toEqual([
    'by-tenant: HASH tenant, RANGE createdKey, KEYS_ONLY',
    'by-tenant-status: HASH tenantStatus, RANGE createdKey, KEYS_ONLY',
    'open-jobs: HASH checkShard, RANGE checkAt, KEYS_ONLY',
  ]);
  expect(AttributeDefinitions.every(({ AttributeType }: { AttributeType: string }) => AttributeType === 'S')).toBe(
    true,
  );
  expect(TimeToLiveSpecification.AttributeName, REPLACES).toBe('expiresAtEpochSeconds');
});

it('the bucket keeps the name that CloudFormation once gave it', () => {
  expect(resources.get('ResultsBucket46167C27')?.Properties, REPLACES).not.toHaveProperty('BucketName');
});

it('callers keep their address: the API is not made anew', () => {
  const apis = [...resources].filter(([, { Type }]) => Type === 'AWS::ApiGateway::RestApi').map(([id]) => id);
  expect(apis, 'Every caller would need a new address, and have to log in again').toEqual(['ApiRest4DEC74FE']);
  const stages = [...resources.values()].filter(({ Type }) => Type === 'AWS::ApiGateway::Stage');
  expect(stages.map(({ Properties }) => Properties.StageName)).toEqual(['v1']);
});
