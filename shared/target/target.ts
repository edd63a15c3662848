/** Targets in canonical form. */
/** `upload`: nothing to scan, but a result to import that a caller has uploaded; which hosts it covers is known once it is read. */
export const TARGET_KINDS = ['host', 'address', 'cidr', 'url', 'upload'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface Target {
  readonly kind: TargetKind;
  /** Canonical form: what is stored, planned and reported. Parsing it again gives the same target. */
  readonly text: string;
  /** The host name or address part, canonical, an IPv6 address without brackets; for a CIDR its first address; the id of an upload. */
  readonly host: string;
  /** Addresses it stands for: 1, or those of the CIDR. */
  readonly count: number;
}
