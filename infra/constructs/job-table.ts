/** The one table. Keys and indexes come from shared/aws/table.ts, which the store uses too. */
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { fleetPartition, TABLE } from '#shared/aws/table.ts';
import type { Settings } from '../settings.ts';

/** A transaction needs the rights of what it holds (DynamoDB developer guide, "Using IAM with transactions"). Nothing scans. */
export type TableOperation =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'BatchWriteItem'
  | 'DescribeTable'
  | 'DescribeTimeToLive';

const text = (name: string) => ({ name, type: AttributeType.STRING });

export class JobTable extends Construct {
  readonly variables: { readonly JOB_TABLE: string };
  private readonly table: Table;

  constructor(scope: Construct, id: string, { keepsData }: Pick<Settings, 'keepsData'>) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: text(TABLE.partitionKey),
      sortKey: text(TABLE.sortKey),
      timeToLiveAttribute: TABLE.ttlAttribute,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: keepsData,
      removalPolicy: keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    for (const { name, partitionKey, sortKey } of TABLE.indexes)
      this.table.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: text(partitionKey),
        sortKey: text(sortKey),
        projectionType: ProjectionType[TABLE.projection],
      });
    this.variables = { JOB_TABLE: this.table.tableName };
  }

  /** Only what a function's decision does: the test in test/infra/least-privilege.test.ts knows what that is. */
  usedBy(user: IGrantable, ...operations: readonly [TableOperation, ...TableOperation[]]): void {
    const { tableArn } = this.table;
    Grant.addToPrincipal({
      grantee: user,
      actions: operations.map((operation) => `dynamodb:${operation}`),
      resourceArns: operations.includes('Query') ? [tableArn, `${tableArn}/index/*`] : [tableArn],
    });
  }

  /** The token bucket of a caller's rate lies under its tenant: all that a reading route may write. */
  meteredBy(meter: IGrantable): void {
    this.updatedUnder('TENANT#*', meter);
  }

  /** What belongs to no tenant. */
  fleetRecordedBy(recorder: IGrantable): void {
    this.updatedUnder(fleetPartition, recorder);
  }

  /** Reads and writes that DynamoDB turned away. */
  throttles(period: Duration): IMetric[] {
    return ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) =>
      this.table.metric(name, { statistic: Stats.SUM, period }),
    );
  }

  private updatedUnder(partition: string, grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:UpdateItem'],
      resourceArns: [this.table.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [partition] } },
    });
  }
}
