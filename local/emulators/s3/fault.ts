/** What S3 answers when it does not do what it was asked: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */

// biome-ignore format: a table reads by column
const FAULTS = {
  AccessDenied:               [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header that you provided is not valid.'],
  BadDigest:                  [400, 'The checksum or Content-MD5 that you specified did not match what we received.'],
  BucketAlreadyOwnedByYou:    [409, 'The bucket already exists, and you own it.'],
  EntityTooSmall:             [400, 'A part is smaller than the minimum of 5 MiB.'],
  IncompleteBody:             [400, 'The body is not as long as was announced.'],
  InternalError:              [500, 'An internal error occurred. Try again.'],
  InvalidAccessKeyId:         [403, 'The access key that you provided does not exist here.'],
  InvalidArgument:            [400, 'Invalid argument'],
  InvalidBucketName:          [400, 'The bucket name is not valid.'],
  InvalidPart:                [400, 'A part was not found, or its entity tag does not match.'],
  InvalidPartOrder:           [400, 'The parts are not in ascending order.'],
  InvalidRange:               [416, 'The requested range cannot be satisfied.'],
  InvalidRequest:             [400, 'The request is not valid.'],
  InvalidURI:                 [400, 'The URI could not be parsed.'],
  KeyTooLongError:            [400, 'The key is too long.'],
  MalformedXML:               [400, 'The XML that you provided is not well-formed or not what it must be.'],
  NoSuchBucket:               [404, 'The bucket does not exist.'],
  NoSuchKey:                  [404, 'The key does not exist.'],
  NoSuchUpload:               [404, 'The multipart upload does not exist.'],
  NotImplemented:             [501, 'This emulator does not do that.'],
  PreconditionFailed:         [412, 'A precondition that you specified did not hold.'],
  RequestTimeTooSkewed:       [403, 'The request time and the current time differ too much.'],
  SignatureDoesNotMatch:      [403, 'The signature that we calculated does not match the one you provided.'],
  XAmzContentSHA256Mismatch:  [400, 'The x-amz-content-sha256 that you specified did not match what we received.'],
} as const satisfies Record<string, readonly [number, string]>;

export type FaultCode = keyof typeof FAULTS;

export class S3Fault extends Error {
  readonly code: FaultCode;
  readonly status: number;
  constructor(code: FaultCode, message?: string, options?: ErrorOptions) {
    super(message ?? FAULTS[code][1], options);
    this.code = code;
    this.status = FAULTS[code][0];
  }
}
