/** Files on their way to the kernel: in pieces, one after the other has come. */

import type { PromptModel, UploadsMessage } from "./model";

/** Bytes. What a server takes in one message at most is ten times as much. */
export const PIECE = 1_000_000;

export interface Upload {
  readonly key: string;
  readonly file: File;
  /** Bytes that the kernel has. */
  got: number;
  done: boolean;
  error: string | null;
}

export class Uploads {
  readonly #model: PromptModel;
  readonly #changed: () => void;
  readonly #uploads = new Map<string, Upload>();
  /** The upload, and the place in it, that is on its way. */
  readonly #sent = new Map<string, number>();

  constructor(model: PromptModel, changed: () => void) {
    this.#model = model;
    this.#changed = changed;
  }

  get(key: string): Upload | undefined {
    return this.#uploads.get(key);
  }

  /** Whether some file is on its way. */
  get busy(): boolean {
    return [...this.#uploads.values()].some((each) => !each.done && !each.error);
  }

  /** Begin to send a file; returns its name among all. */
  add(file: File, most: number | undefined, words: (most: number) => string): string {
    const key = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
    const upload: Upload = { key, file, got: 0, done: false, error: null };
    this.#uploads.set(key, upload);
    if (most !== undefined && file.size > most) upload.error = words(most);
    else void this.#send(upload);
    return key;
  }

  drop(key: string): void {
    if (!this.#uploads.delete(key)) return;
    this.#sent.delete(key);
    try {
      this.#model.send({ type: "drop", upload: key });
    } catch {
      // There is no kernel to forget it.
    }
  }

  clear(): void {
    this.#uploads.clear();
    this.#sent.clear();
  }

  receive({ got, refused }: UploadsMessage): void {
    for (const [key, why] of Object.entries(refused ?? {})) {
      const upload = this.#uploads.get(key);
      if (upload) upload.error = String(why);
    }
    for (const [key, bytes] of Object.entries(got ?? {})) {
      const upload = this.#uploads.get(key);
      if (!upload || upload.done || upload.error) continue;
      upload.got = bytes;
      upload.done = bytes >= upload.file.size;
      if (!upload.done && bytes > (this.#sent.get(key) ?? -1)) void this.#send(upload);
    }
    this.#changed();
  }

  async #send(upload: Upload): Promise<void> {
    const { key, file, got } = upload;
    this.#sent.set(key, got);
    try {
      const buffer = await file.slice(got, got + PIECE).arrayBuffer();
      if (!this.#uploads.has(key)) return;
      const about = { name: file.name, media_type: file.type, size: file.size };
      this.#model.send({ type: "piece", upload: key, ...about, at: got }, undefined, [
        buffer,
      ]);
    } catch {
      upload.error = "could not be read or sent";
      this.#changed();
    }
  }
}
