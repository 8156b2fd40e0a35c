/** Where the rows of a long list are: all of one height, but for what some have opened.
 *
 * Rows have places that stay; the list begins with the first that is kept.
 */

/** Browsers lose count of elements that are higher than some ten million pixels. */
const HIGHEST = 8e6;

export class Geometry {
  start = 0;
  end = 0;
  /** What stands open below a row, in pixels, by the row's place. */
  readonly open = new Map<number, number>();
  readonly rowHeight: number;

  constructor(rowHeight: number) {
    this.rowHeight = rowHeight;
  }

  get height(): number {
    return this.top(this.end);
  }

  /** The height of the element that makes the scroll bar. */
  get scrollHeight(): number {
    return Math.min(this.height, HIGHEST);
  }

  /** The distance of a row from the beginning of the list. */
  top(place: number): number {
    let y = (place - this.start) * this.rowHeight;
    for (const [open, height] of this.open)
      if (open >= this.start && open < place) y += height;
    return y;
  }

  /** The row at a distance from the beginning. */
  at(y: number): number {
    let place = this.start + Math.floor(y / this.rowHeight);
    const opened = [...this.open.keys()].filter((one) => one >= this.start);
    for (const open of opened.sort((a, b) => a - b)) {
      const below = this.top(open) + this.rowHeight + (this.open.get(open) ?? 0);
      if (y < this.top(open) + this.rowHeight) break;
      place = y < below ? open : open + 1 + Math.floor((y - below) / this.rowHeight);
    }
    return Math.max(this.start, Math.min(place, Math.max(this.start, this.end - 1)));
  }

  /** The distance that a scroll bar stands for, in a box of some height. */
  fromScroll(scrollTop: number, box: number): number {
    const most = Math.max(0, this.height - box);
    const bar = Math.max(1, this.scrollHeight - box);
    return this.height === this.scrollHeight
      ? Math.min(scrollTop, most)
      : Math.round((scrollTop / bar) * most);
  }

  toScroll(y: number, box: number): number {
    if (this.height === this.scrollHeight) return y;
    const most = Math.max(1, this.height - box);
    return (y / most) * Math.max(0, this.scrollHeight - box);
  }
}
