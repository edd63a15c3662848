/** The key that signs what jobs leave. Its private half never leaves KMS, and only sign-evidence may use it: no worker, no caller. */
import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

/** The shortest that KMS lets a deleted key be called back (API reference, "ScheduleKeyDeletion"). */
const PENDING_WINDOW = Duration.days(7);

export class EvidenceKey extends Construct {
  readonly variables: { readonly EVIDENCE_KEY: string };
  private readonly key: Key;

  constructor(
    scope: Construct,
    id: string,
    { keepsData, allowedAccounts }: Pick<Settings, 'keepsData' | 'allowedAccounts'>,
  ) {
    super(scope, id);
    // KMS rotates no asymmetric key by itself (developer guide, "Rotate AWS KMS keys"): docs/operations.md tells how to take another.
    this.key = new Key(this, 'Key', {
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      alias: `${Stack.of(this).stackName}-evidence`,
      description: 'scanfleet: signs what jobs leave',
      removalPolicy: keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      pendingWindow: PENDING_WINDOW,
    });
    // Whoever may call the API may check what it says: a public key is no secret.
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'PublicKey',
        principals: [new AnyPrincipal()],
        actions: ['kms:GetPublicKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'kms:CallerAccount': [Aws.ACCOUNT_ID, ...allowedAccounts] } },
      }),
    );
    this.variables = { EVIDENCE_KEY: this.key.keyArn };
  }

  /** Over digests, by the one algorithm that is checked for. */
  signedWithBy(signer: IGrantable): void {
    Grant.addToPrincipal({
      grantee: signer,
      actions: ['kms:Sign'],
      resourceArns: [this.key.keyArn],
      conditions: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' } },
    });
  }
}
