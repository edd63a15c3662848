/** Where workers run, and nothing listens: public subnets without a NAT, where table and bucket are reached inside AWS; or the user's network. */
import { GatewayVpcEndpointAwsService, type IVpc, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Env as DispatchWorkersEnv } from '#functions/dispatch-workers/env.ts';
import type { Settings } from '../settings.ts';

type NetworkVariable = 'WORKER_SUBNETS' | 'WORKER_SECURITY_GROUPS' | 'WORKER_PUBLIC_ADDRESSES';

interface Place {
  readonly vpc: IVpc;
  readonly subnetIds: readonly string[];
  /** Without a NAT, a worker without an address of its own reaches neither image nor target. */
  readonly publicAddresses: boolean;
}

export class WorkerNetwork extends Construct {
  readonly vpc: IVpc;
  readonly variables: Readonly<Record<NetworkVariable & keyof DispatchWorkersEnv, string>>;

  constructor(scope: Construct, id: string, { network }: Pick<Settings, 'network'>) {
    super(scope, id);
    const { vpc, subnetIds, publicAddresses } = network === undefined ? ownPlace(this) : placeIn(this, network);
    this.vpc = vpc;
    const outward = new SecurityGroup(this, 'Outward', {
      vpc,
      description: 'Workers reach targets; nothing reaches workers',
      allowAllOutbound: true,
    });
    this.variables = {
      WORKER_SUBNETS: subnetIds.join(','),
      WORKER_SECURITY_GROUPS: outward.securityGroupId,
      WORKER_PUBLIC_ADDRESSES: publicAddresses ? 'ENABLED' : 'DISABLED',
    };
  }
}

function ownPlace(scope: Construct): Place {
  const vpc = new Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
    gatewayEndpoints: {
      S3: { service: GatewayVpcEndpointAwsService.S3 },
      DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
    },
  });
  return { vpc, subnetIds: vpc.publicSubnets.map(({ subnetId }) => subnetId), publicAddresses: true };
}

/** Its routes and endpoints are the user's: only a security group is added, for which the VPC's zones, which CDK asks for, do not count. */
function placeIn(scope: Construct, { vpcId, ...network }: NonNullable<Settings['network']>): Place {
  return { vpc: Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones: ['any'] }), ...network };
}
