/** Results, their signed manifests, plans and built reports, which go with their jobs, uploads, and the target policy, which stays. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { AREAS } from '#shared/finding/results.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import type { Settings } from '../settings.ts';

type Area = keyof typeof AREAS;

/** Objects outlive the records that name them. */
const DAYS_AFTER_RECORDS = 2;
const SECONDS_PER_DAY = 86_400;

export class ResultsBucket extends Construct {
  readonly variables: { readonly RESULTS_BUCKET: string };
  private readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { keepsData, limits }: Pick<Settings, 'keepsData' | 'limits'>) {
    super(scope, id);
    const { retentionSeconds } = limitsFromEnv(limits);
    const expiration = Duration.days(Math.ceil(retentionSeconds / SECONDS_PER_DAY) + DAYS_AFTER_RECORDS);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      // CloudFormation deletes a bucket only when it is empty.
      autoDeleteObjects: !keepsData,
      lifecycleRules: [
        { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        ...(['results', 'plans', 'reports', 'evidence', 'uploads', 'health'] as const).map((area) => ({
          id: `expire-${area}`,
          prefix: AREAS[area],
          expiration,
        })),
      ],
    });
    this.variables = { RESULTS_BUCKET: this.bucket.bucketName };
  }

  /** Who may list is told that an object is absent, anybody else that it is forbidden (S3 API reference, GetObject, "Permissions"). */
  readBy(reader: IGrantable, ...areas: Area[]): void {
    Grant.addToPrincipal({ grantee: reader, actions: ['s3:ListBucket'], resourceArns: [this.bucket.bucketArn] });
    Grant.addToPrincipal({ grantee: reader, actions: ['s3:GetObject'], resourceArns: this.objectsIn(areas) });
  }

  writtenBy(writer: IGrantable, ...areas: Area[]): void {
    Grant.addToPrincipal({ grantee: writer, actions: ['s3:PutObject'], resourceArns: this.objectsIn(areas) });
  }

  /** What is written as it comes may have to be given up half-way. */
  streamedBy(writer: IGrantable, ...areas: Area[]): void {
    this.writtenBy(writer, ...areas);
    const resourceArns = this.objectsIn(areas);
    Grant.addToPrincipal({ grantee: writer, actions: ['s3:AbortMultipartUpload'], resourceArns });
  }

  /** S3 tells what lies under a prefix only by the bucket's list. */
  emptiedBy(deleter: IGrantable, ...areas: Area[]): void {
    Grant.addToPrincipal({ grantee: deleter, actions: ['s3:ListBucket'], resourceArns: [this.bucket.bucketArn] });
    Grant.addToPrincipal({ grantee: deleter, actions: ['s3:DeleteObject'], resourceArns: this.objectsIn(areas) });
  }

  private objectsIn(areas: readonly Area[]): string[] {
    return areas.map((area) => this.bucket.arnForObjects(`${AREAS[area]}*`));
  }
}
