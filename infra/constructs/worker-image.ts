/** What workers run: built from this repository by whoever deploys, or pulled from where the settings say. */
import { fileURLToPath } from 'node:url';
import { IgnoreMode, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, CpuArchitecture } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export const ARCHITECTURES = {
  arm64: { cpu: CpuArchitecture.ARM64, platform: Platform.LINUX_ARM64 },
  x86_64: { cpu: CpuArchitecture.X86_64, platform: Platform.LINUX_AMD64 },
} as const;

/** All that the Dockerfile copies: whatever else changes in the repository, the image stays the same. */
const CONTEXT = ['*', '!package.json', '!package-lock.json', '!shared', '!containers'];

/** An image of a repository in ECR, whose pull needs rights (ECR user guide, "Private registries"). */
const ECR_IMAGE =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(?<name>[^:@]+)[:@](?<version>.+)$/;

export function workerImage(
  scope: Construct,
  { workerImage: image, workerArchitecture }: Pick<Settings, 'workerImage' | 'workerArchitecture'>,
): ContainerImage {
  if (image === 'build')
    return ContainerImage.fromAsset(fileURLToPath(new URL('../..', import.meta.url)), {
      file: 'containers/scan-worker/Dockerfile',
      platform: ARCHITECTURES[workerArchitecture].platform,
      exclude: CONTEXT,
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
