/** Targets in canonical form. */
export const TARGET_KINDS = ['host', 'address', 'cidr', 'url'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface Target {
  readonly kind: TargetKind;
  /** Canonical form: what is stored, planned and reported. Parsing it again gives the same target. */
  readonly text: string;
  /** The host name or address part, canonical, an IPv6 address without brackets; for a CIDR its first address. */
  readonly host: string;
  /** Addresses it stands for: 1, or those of the CIDR. */
  readonly count: number;
}
