/** The credentials of a container's role, from the endpoint that ECS (or its stand-in in local mode) gives each container. */
import { fromHttp } from '@aws-sdk/credential-providers';
import type { Credentials } from './clients.ts';

/** Where the endpoint is, told to the worker in a way that its scanners cannot read. */
export interface CredentialsSource {
  /** As in AWS_CONTAINER_CREDENTIALS_FULL_URI (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html). */
  readonly uri: string;
  /** Sent as the Authorization header. */
  readonly token?: string | undefined;
}

/** Fetched when first needed, and again before they expire. */
export const containerCredentials = ({ uri, token }: CredentialsSource): Credentials =>
  fromHttp({ awsContainerCredentialsFullUri: uri, ...(token && { awsContainerAuthorizationToken: token }) });
