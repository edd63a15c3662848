/** What every emulator is to those who start it. */
export interface Emulator {
  /** Base URL for the SDK, as in `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** Stops it, and whatever it started. */
  close(): Promise<void>;
}
