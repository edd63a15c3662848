/** The documents a report can be. A new one is a file here and a line in this table. */
export const REPORT_FORMATS = ['json', 'ndjson'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export const CONTENT_TYPES: Record<ReportFormat, string> = { json: 'application/json', ndjson: 'application/x-ndjson' };
