/** Where workers run: public subnets without a NAT, nothing listening. The table and the bucket are reached without leaving AWS. */
import { GatewayVpcEndpointAwsService, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';

export class WorkerNetwork extends Construct {
  readonly vpc: Vpc;
  readonly variables: { readonly WORKER_SUBNETS: string; readonly WORKER_SECURITY_GROUPS: string };

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    const outward = new SecurityGroup(this, 'Outward', {
      vpc: this.vpc,
      description: 'Workers reach targets; nothing reaches workers',
      allowAllOutbound: true,
    });
    this.variables = {
      WORKER_SUBNETS: this.vpc.publicSubnets.map(({ subnetId }) => subnetId).join(','),
      WORKER_SECURITY_GROUPS: outward.securityGroupId,
    };
  }
}
