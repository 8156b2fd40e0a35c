import { describe, expect, test } from "vitest";
import { Camera, MARGIN } from "../../src/graph/camera";

const ROOM = { width: 828, height: 228 };

describe("fitting", () => {
  test("a small picture keeps its size and stands in the middle", () => {
    const camera = new Camera();
    camera.fit({ width: 400, height: 100 }, ROOM);
    expect([camera.k, camera.x, camera.y]).toEqual([1, 214, 64]);
    expect(camera.fitted).toBe(true);
  });

  test("a large one is made smaller, by its longer side", () => {
    const camera = new Camera();
    camera.fit({ width: 1600, height: 100 }, ROOM);
    expect([camera.k, camera.x, camera.y]).toEqual([0.5, MARGIN, 89]);
    camera.fit({ width: 100, height: 1000 }, ROOM);
    expect(camera.k).toBe(0.2);
  });

  test("nothing at all is no division by zero", () => {
    const camera = new Camera();
    camera.fit({ width: 0, height: 0 }, ROOM);
    expect(camera.k).toBe(1);
    expect(Camera.scaleToFit({ width: 9, height: 9 }, { width: 0, height: 0 })).toBe(
      0.02,
    );
  });
});

test("zooming keeps the place under the pointer, and has bounds", () => {
  const camera = new Camera();
  camera.zoom(2, 100, 50);
  expect(camera.toScene(100, 50)).toEqual([100, 50]);
  expect([camera.k, camera.fitted]).toEqual([2, false]);
  camera.zoom(100, 0, 0);
  expect(camera.k).toBe(3);
  camera.zoom(1e-6, 0, 0);
  expect(camera.k).toBe(0.02);
});

test("panning moves the picture, and it is not fitted any more", () => {
  const camera = new Camera();
  camera.pan(5, -3);
  expect([camera.x, camera.y, camera.fitted]).toEqual([5, -3, false]);
});

describe("bringing a step into sight", () => {
  const part = { x: 1000, y: 20, width: 150, height: 46 };

  test("moves as little as possible", () => {
    const camera = new Camera();
    expect(camera.reveal(part, ROOM)).toBe(true);
    expect([camera.x, camera.y]).toEqual([828 - MARGIN - 1150, 0]);
  });

  test("moves nothing that is in sight", () => {
    const camera = new Camera();
    expect(camera.reveal({ ...part, x: 100 }, ROOM)).toBe(false);
    expect(camera.fitted).toBe(true);
  });

  test("shows the beginning of what is larger than the room", () => {
    const camera = new Camera();
    camera.reveal({ x: 100, y: 100, width: 2000, height: 900 }, ROOM);
    expect(camera.x + 100).toBe(MARGIN);
    expect(camera.y + 100).toBe(MARGIN);
  });
});
