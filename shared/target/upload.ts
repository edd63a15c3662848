/** How an upload is named among targets: `upload:` and its id, a UUIDv7 in lower case. */

const UPLOAD = /^upload:([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

export const uploadTarget = (uploadId: string): string => `upload:${uploadId}`;

/** Undefined for every other target. */
export const uploadIdOf = (target: string): string | undefined => UPLOAD.exec(target)?.[1];
