/**
 * Whether an Accept-Encoding header (RFC 9110, section 12.5.3) takes gzip: by name, else by `*`, and not with a weight of 0. Without the
 * header we send plain text, although any encoding would be allowed: a client that says nothing often cannot.
 */
export function acceptsGzip(header: string | undefined): boolean {
  const weights = new Map(
    (header ?? '').split(',').map((part): [string, number] => {
      const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight)];
    }),
  );
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}
