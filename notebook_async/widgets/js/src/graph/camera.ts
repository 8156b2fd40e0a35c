/** Where the picture is and how large: scene coordinates times `k`, plus `x` and `y`. */

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

export const MARGIN = 14;
const SMALLEST = 0.02;
const LARGEST = 3;

export class Camera {
  x = 0;
  y = 0;
  k = 1;
  /** Whether the whole picture is in sight because nobody moved it. */
  fitted = true;

  /** The largest scale, up to 1, at which a picture fits. */
  static scaleToFit(picture: Size, room: Size): number {
    const wide = (room.width - 2 * MARGIN) / Math.max(1, picture.width);
    const high = (room.height - 2 * MARGIN) / Math.max(1, picture.height);
    return Math.max(SMALLEST, Math.min(1, wide, high));
  }

  fit(picture: Size, room: Size): void {
    this.k = Camera.scaleToFit(picture, room);
    this.x = (room.width - picture.width * this.k) / 2;
    this.y = (room.height - picture.height * this.k) / 2;
    this.fitted = true;
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
  }

  /** Zoom; what is at `x`, `y` stays there. */
  zoom(factor: number, x: number, y: number): void {
    const k = Math.min(LARGEST, Math.max(SMALLEST, this.k * factor));
    this.x = x - ((x - this.x) * k) / this.k;
    this.y = y - ((y - this.y) * k) / this.k;
    this.k = k;
    this.fitted = false;
  }

  /** Bring a part of the scene into sight, moving as little as possible. */
  reveal(part: Rect, room: Size): boolean {
    const shift = (from: number, length: number, all: number): number => {
      if (from < MARGIN) return MARGIN - from;
      const over = from + length - (all - MARGIN);
      return over > 0 ? -Math.min(over, from - MARGIN) : 0;
    };
    const dx = shift(this.x + part.x * this.k, part.width * this.k, room.width);
    const dy = shift(this.y + part.y * this.k, part.height * this.k, room.height);
    if (!dx && !dy) return false;
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    return true;
  }

  /** The place in the scene that is shown at `x`, `y`. */
  toScene(x: number, y: number): [x: number, y: number] {
    return [(x - this.x) / this.k, (y - this.y) / this.k];
  }
}
