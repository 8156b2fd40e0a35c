/** Where the rows of a long list are: all of one height, but for what some have opened.
 *
 * Rows have places that stay; the list begins with the first that is kept.
 */

/** Browsers lose count of elements that are higher than some ten million pixels. */
const HIGHEST = 8e6;

export interface Geometry {
  start: number;
  end: number;
  /** What stands open below a row, in pixels, by the row's place. */
  readonly open: Map<number, number>;
  readonly height: number;
  /** The height of the element that makes the scroll bar. */
  readonly scrollHeight: number;
  /** The distance of a row from the beginning of the list. */
  top(place: number): number;
  /** The row at a distance from the beginning. */
  at(y: number): number;
  /** The distance that a scroll bar stands for, in a box of some height. */
  fromScroll(scrollTop: number, box: number): number;
  toScroll(y: number, box: number): number;
}

export function geometry(rowHeight: number): Geometry {
  const open = new Map<number, number>();

  function top(place: number): number {
    let y = (place - all.start) * rowHeight;
    for (const [row, height] of open) if (row >= all.start && row < place) y += height;
    return y;
  }

  const all: Geometry = {
    start: 0,
    end: 0,
    open,
    get height() {
      return top(all.end);
    },
    get scrollHeight() {
      return Math.min(all.height, HIGHEST);
    },
    top,
    at(y) {
      const { start, end } = all;
      let place = start + Math.floor(y / rowHeight);
      const opened = [...open.keys()].filter((row) => row >= start);
      for (const row of opened.sort((a, b) => a - b)) {
        const bottom = top(row) + rowHeight;
        const below = bottom + (open.get(row) ?? 0);
        if (y < bottom) break;
        place = y < below ? row : row + 1 + Math.floor((y - below) / rowHeight);
      }
      return Math.max(start, Math.min(place, Math.max(start, end - 1)));
    },
    fromScroll(scrollTop, box) {
      const { height, scrollHeight } = all;
      const most = Math.max(0, height - box);
      return height === scrollHeight
        ? Math.min(scrollTop, most)
        : Math.round((scrollTop / Math.max(1, scrollHeight - box)) * most);
    },
    toScroll(y, box) {
      const { height, scrollHeight } = all;
      if (height === scrollHeight) return y;
      return (y / Math.max(1, height - box)) * Math.max(0, scrollHeight - box);
    },
  };
  return all;
}
