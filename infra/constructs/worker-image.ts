/** What workers run: built from this repository by whoever deploys, with nuclei where the settings say that there is one, or pulled. */
import { fileURLToPath } from 'node:url';
import { IgnoreMode, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, CpuArchitecture } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { availabilityOf } from '#shared/scanner/availability.ts';
import type { Settings } from '../settings.ts';

export const ARCHITECTURES = {
  arm64: { cpu: CpuArchitecture.ARM64, platform: Platform.LINUX_ARM64 },
  x86_64: { cpu: CpuArchitecture.X86_64, platform: Platform.LINUX_AMD64 },
} as const;

/** An image of a repository in ECR, whose pull needs rights (ECR user guide, "Private registries"). */
const ECR_IMAGE =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(?<name>[^:@]+)[:@](?<version>.+)$/;

export function workerImage(
  scope: Construct,
  {
    workerImage: image,
    workerArchitecture,
    scanners,
  }: Pick<Settings, 'workerImage' | 'workerArchitecture' | 'scanners'>,
): ContainerImage {
  if (image === 'build')
    return ContainerImage.fromAsset(fileURLToPath(new URL('../..', import.meta.url)), {
      file: 'containers/scan-worker/Dockerfile',
      platform: ARCHITECTURES[workerArchitecture].platform,
      buildArgs: { NUCLEI: availabilityOf(scanners, 'nuclei').available ? 'with' : 'without' },
      ignoreMode: IgnoreMode.DOCKER,
    });
  const { account, region, name = '', version } = ECR_IMAGE.exec(image)?.groups ?? {};
  if (account === undefined || region === undefined) return ContainerImage.fromRegistry(image);
  const repositoryArn = Stack.of(scope).formatArn({
    service: 'ecr',
    account,
    region,
    resource: 'repository',
    resourceName: name,
  });
  const repository = Repository.fromRepositoryAttributes(scope, 'Repository', { repositoryArn, repositoryName: name });
  return ContainerImage.fromEcrRepository(repository, version);
}
