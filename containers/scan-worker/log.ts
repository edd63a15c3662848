/** The part of the logger that the worker uses. */
type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  info(message: string, ...fields: Fields[]): void;
  warn(message: string, ...fields: Fields[]): void;
  error(message: string, ...fields: Fields[]): void;
}

/** `log` with `always` added to each entry: a process works on several tasks at once, so what they are belongs to the entry. */
export const logWith = (log: Log, always: Fields): Log => ({
  info: (message, ...fields) => log.info(message, always, ...fields),
  warn: (message, ...fields) => log.warn(message, always, ...fields),
  error: (message, ...fields) => log.error(message, always, ...fields),
});
