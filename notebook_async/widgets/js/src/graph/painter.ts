/** What draws a scene: as SVG where a step is an element, as canvas where there are many.
 *
 * Both get the same looks, of what has changed alone, and know nothing of the run.
 */

import type { Camera, Size } from "./camera";
import type { EdgeLook, NodeLook } from "./look";
import type { Layout, Scene } from "./model";

export interface Painter {
  readonly node: Element;
  /** Draw another scene, or the same in another layout; all looks are to follow. */
  build(scene: Scene, layout: Layout, steps: number[]): void;
  /** Show it from here. */
  place(camera: Camera, room: Size): void;
  paintNode(index: number, look: NodeLook): void;
  paintEdge(index: number, look: EdgeLook): void;
  /** All looks of a moment have come. */
  flush(): void;
  /** Mark the step whose details are shown. */
  select(index: number | null): void;
  /** Let the keyboard reach this step; move it there, if asked to. */
  setCursor(index: number, focus: boolean): void;
  dispose(): void;
}

/** Nodes from which on a canvas is quicker. */
export const CANVAS_FROM = 400;
