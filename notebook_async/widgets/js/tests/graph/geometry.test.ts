import { describe, expect, test } from "vitest";
import {
  frameOf,
  neighbour,
  pathOf,
  readingOrder,
  stepAt,
  tipOf,
} from "../../src/graph/geometry";
import type { Layout } from "../../src/graph/model";
import { CLASSIFY, DISPATCH, FETCH, REVIEW, scene } from "./fake";

const SCENE = scene();
const [RIGHT, DOWN] = SCENE.layouts as [Layout, Layout];

describe("paths of edges", () => {
  test("straight where they are straight, bent between the layers", () => {
    expect(pathOf(SCENE, RIGHT, 0)).toBe("M18,55L55,55");
    expect(pathOf(SCENE, RIGHT, 1)).toBe("M205,48C255,48 255,23 305,23");
  });

  test("bent the other way where they run down", () => {
    const layout = { ...DOWN, routes: [[0, 0, 10, 20]] };
    expect(pathOf(SCENE, layout, 0)).toBe("M0,0C0,10 10,10 10,20");
  });

  test("a bow for a step that gives to itself", () => {
    const looped = scene({ edges: [[3, 3, "again"]] });
    const layout = { ...RIGHT, routes: [[0, 10, 0, 0, 8, 0, 8, 10]] };
    expect(pathOf(looped, layout, 0)).toBe("M0,10C0,0,8,0,8,10");
    expect(tipOf(looped, layout, 0)).toEqual({ x: 8, y: 10, angle: 90 });
  });
});

describe("arrow heads", () => {
  test("stand at the end and look along the edge", () => {
    expect(tipOf(SCENE, RIGHT, 1)).toEqual({ x: 305, y: 23, angle: 0 });
    expect(tipOf(SCENE, DOWN, 1)).toEqual({ x: 170, y: 40, angle: 90 });
  });

  test("look back where the edge leads back", () => {
    const back = { ...RIGHT, routes: [[100, 5, 50, 5, 49.8, 5]] };
    expect(tipOf(SCENE, back, 0).angle).toBe(180);
    const up = { ...DOWN, routes: [[5, 100, 5, 50]] };
    expect(tipOf(SCENE, up, 0).angle).toBe(-90);
  });
});

test("the step at a place; circles are none", () => {
  expect(frameOf(SCENE, RIGHT, CLASSIFY)).toEqual({
    x: 305,
    y: 0,
    width: 150,
    height: 46,
  });
  expect(stepAt(SCENE, RIGHT, 306, 1)).toBe(CLASSIFY);
  expect(stepAt(SCENE, RIGHT, 300, 1)).toBeNull();
  expect(stepAt(SCENE, RIGHT, 9, 55)).toBeNull();
});

describe("arrow keys", () => {
  test.each([
    [DISPATCH, "ArrowRight", CLASSIFY],
    [CLASSIFY, "ArrowDown", FETCH],
    [FETCH, "ArrowUp", CLASSIFY],
    [FETCH, "ArrowRight", REVIEW],
    [REVIEW, "ArrowLeft", CLASSIFY],
    [REVIEW, "ArrowRight", null],
    [DISPATCH, "ArrowLeft", null],
  ])("from %d by %s to %s", (from, key, to) => {
    expect(neighbour(SCENE, RIGHT, from, key)).toBe(to);
  });
});

test("steps in reading order, along the edges", () => {
  expect(readingOrder(SCENE, RIGHT)).toEqual([DISPATCH, CLASSIFY, FETCH, REVIEW]);
  expect(readingOrder(SCENE, DOWN)).toEqual([DISPATCH, CLASSIFY, FETCH, REVIEW]);
});
