#!/bin/sh
# Starts the worker as process 1 with the address of the container's credentials on descriptor 3 and not in its environment: a scanner of
# the same user could read that in /proc/1/environ. The worker reads and closes the descriptor before it starts anything.
# ECS sets the relative variable, other platforms the full one:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
set -eu

if [ -n "${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI:-}" ]; then
  credentials_uri="http://169.254.170.2${AWS_CONTAINER_CREDENTIALS_RELATIVE_URI}"
else
  credentials_uri="${AWS_CONTAINER_CREDENTIALS_FULL_URI:-}"
fi
credentials_token="${AWS_CONTAINER_AUTHORIZATION_TOKEN:-}"
unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN

exec node "$@" 3<<CREDENTIALS
$credentials_uri
$credentials_token
CREDENTIALS
