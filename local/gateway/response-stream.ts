/**
 * The stream a streaming function writes its answer to, on top of an HTTP response: takes no more than the client does, fails when the
 * client is gone, and when it is destroyed it breaks the connection, so that a cut answer never looks whole.
 */
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { ClientGone } from './request-body.ts';

/** What goes before the body: status and headers. */
export interface Prelude {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
}

export class ResponseStream extends Writable {
  /** Sent with the first write, be it empty. */
  prelude: Prelude = {};
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    super({ decodeStrings: true });
    this.#response = response;
    response.once('close', () => {
      if (!response.writableFinished) this.destroy(new ClientGone());
    });
  }

  /** As Lambda's own stream has it. */
  setContentType(contentType: string): void {
    this.prelude = { ...this.prelude, headers: { ...this.prelude.headers, 'Content-Type': contentType } };
  }

  #sendHead(): void {
    if (this.#response.headersSent) return;
    const { statusCode = 200, headers, multiValueHeaders } = this.prelude;
    for (const [name, value] of Object.entries({ ...headers, ...multiValueHeaders }))
      this.#response.setHeader(name, value);
    this.#response.writeHead(statusCode);
    this.#response.flushHeaders();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      this.#sendHead();
    } catch (error) {
      done(error as Error);
      return;
    }
    if (this.#response.write(chunk)) done();
    else this.#response.once('drain', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#sendHead();
    this.#response.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#response.headersSent && !this.#response.writableEnded) this.#response.destroy(error ?? undefined);
    done(error);
  }
}
