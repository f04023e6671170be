// One picture of the plane, from the ground up: domain, fills, sides, folds, samples, marks and ticks.
import { ticks, type Camera } from "./camera";
import { foldColour, GROUND, INK, MARK, PAPER, SOFT } from "./colours";
import { project, trace, traceSide, type Polygons, type Side } from "./polygons";
import type { Column, Theme } from "./shell";

/** Polygons with one fill. */
export interface Fill {
  tiles: readonly number[];
  colour: string;
  opacity?: number;
}
export interface Sample {
  x: number;
  y: number;
  inside: boolean;
}

export interface Scene {
  domain: readonly [number, number][] | null;
  names: readonly string[];
  fills: readonly Fill[];
  /** Sides inside of zones, as hairlines. */
  hairlines: readonly { sides: readonly Side[]; colour: string }[];
  /** Sides around zones; those that do not belong to them are dashed. */
  rims: readonly { sides: readonly Side[]; colour?: string; isOpen?: boolean }[];
  /** Fold lines by layer. */
  folds: readonly { layer: number; sides: readonly Side[] }[];
  samples: readonly Sample[];
  /** Polygons that are marked: found, pinned with a number, pointed at. */
  found: readonly number[];
  pinned: readonly number[];
  pointed: number | null;
  /** Sides that are pointed at. */
  traced: readonly Side[];
  /** Segments and points, which have no inside. */
  flat: readonly { tile: number; colour: string }[];
}

/** Where the corners were at last, whose place is used again. */
let corners: Float64Array = new Float64Array(0);

/** Paint a scene. */
export function paint(context: CanvasRenderingContext2D, scene: Scene, polygons: Polygons, camera: Camera, theme: Theme): void {
  const [width, height] = [camera.width(), camera.height()];
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.lineJoin = context.lineCap = "round";
  context.fillStyle = PAPER[theme];
  context.fillRect(0, 0, width, height);
  const isSeen = polygons.within(camera.box());
  const screen = (corners = project(polygons.vertices, camera, corners));
  const outlineOf = (tiles: readonly number[]): Path2D => {
    const path = new Path2D();
    for (const tile of tiles) if (isSeen[tile]) trace(path, polygons.corners(tile), screen);
    return path;
  };
  const linesOf = (sides: readonly Side[]): Path2D => {
    const path = new Path2D();
    for (const side of sides) if (isSeen[side.tile]) traceSide(path, side, screen);
    return path;
  };
  const stroke = (path: Path2D, colour: string, line: number, dash: number[] = []): void => {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.setLineDash(dash);
    context.stroke(path);
    context.setLineDash([]);
  };

  paintDomain(context, scene, camera, theme);
  for (const { tiles, colour, opacity = 1 } of scene.fills) {
    context.globalAlpha = opacity;
    context.fillStyle = colour;
    context.fill(outlineOf(tiles));
  }
  context.globalAlpha = 1;
  const seen = scene.hairlines.reduce((count, { sides }) => count + sides.filter((side) => isSeen[side.tile]).length, 0);
  const room = Math.sqrt((width * height) / (seen + 1));
  for (const { sides, colour } of scene.hairlines) stroke(linesOf(sides), colour, Math.max(0.15, Math.min(1, room / 14)));
  for (const { sides, colour, isOpen } of scene.rims) {
    const path = linesOf(sides);
    if (isOpen) stroke(path, PAPER[theme], 1.6);
    stroke(path, INK[theme], colour ? 3.2 : isOpen ? 1.6 : 1.3, isOpen ? [5, 4] : []);
    if (colour) stroke(path, colour, 1.8);
  }
  for (const { tile, colour } of scene.flat) paintFlat(context, polygons.corners(tile), screen, colour, theme);
  for (const { layer, sides } of scene.folds) {
    const path = linesOf(sides);
    const line = Math.max(1.2, 2.2 - 0.4 * layer);
    stroke(path, PAPER[theme], line + 2);
    stroke(path, foldColour(layer, theme), line);
  }
  paintSamples(context, scene.samples, camera, theme);
  const found = outlineOf(scene.found);
  if (scene.found.length) {
    stroke(found, PAPER[theme], 5);
    stroke(found, MARK[theme], 2.4);
  }
  if (scene.traced.length) {
    const path = linesOf(scene.traced);
    stroke(path, PAPER[theme], 6);
    stroke(path, MARK[theme], 3);
  }
  if (scene.pinned.length) {
    const path = outlineOf(scene.pinned);
    stroke(path, PAPER[theme], 5);
    stroke(path, INK[theme], 2.4);
  }
  if (scene.pointed !== null) {
    const path = outlineOf([scene.pointed]);
    context.fillStyle = INK[theme];
    context.globalAlpha = 0.14;
    context.fill(path);
    context.globalAlpha = 1;
    stroke(path, PAPER[theme], 4);
    stroke(path, INK[theme], 2);
  }
  scene.pinned.forEach((tile, k) => paintBadge(context, badge(polygons, tile, camera), String(k + 1), theme));
  paintTicks(context, scene.names, camera, theme);
}

function paintDomain(context: CanvasRenderingContext2D, { domain }: Scene, camera: Camera, theme: Theme): void {
  if (!domain) return;
  const path = new Path2D();
  const screen = project(Float64Array.from(domain.flat()), camera, new Float64Array(0));
  trace(path, Uint32Array.from(domain.keys()), screen);
  context.fillStyle = GROUND[theme];
  context.fill(path);
  context.strokeStyle = SOFT[theme];
  context.lineWidth = 1;
  context.stroke(path);
}

function paintFlat(context: CanvasRenderingContext2D, own: Column, screen: Float64Array, colour: string, theme: Theme): void {
  const path = new Path2D();
  if (own.length === 1) {
    path.arc(screen[2 * own[0]!]!, screen[2 * own[0]! + 1]!, 4.5, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill(path);
    context.strokeStyle = INK[theme];
    context.lineWidth = 1.3;
    context.stroke(path);
    return;
  }
  trace(path, own, screen);
  for (const [line, shade] of [
    [5, INK[theme]],
    [3, colour],
  ] as const) {
    context.strokeStyle = shade;
    context.lineWidth = line;
    context.stroke(path);
  }
}

function paintSamples(context: CanvasRenderingContext2D, samples: readonly Sample[], camera: Camera, theme: Theme): void {
  for (const { x, y, inside } of samples) {
    const [left, top] = camera.toScreen(x, y);
    context.beginPath();
    context.arc(left, top, inside ? 2.4 : 1.6, 0, 2 * Math.PI);
    context.lineWidth = 1;
    context.fillStyle = inside ? INK[theme] : PAPER[theme];
    context.strokeStyle = inside ? PAPER[theme] : SOFT[theme];
    context.globalAlpha = inside ? 1 : 0.7;
    context.fill();
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Where the number of a tile goes: into its middle, or above it where it is small. */
function badge(polygons: Polygons, tile: number, camera: Camera): [number, number] {
  const [x, y, right, high] = polygons.box(tile);
  const size = camera.scale() * Math.max(right - x, high - y);
  const [left, top] = camera.toScreen(...polygons.middle(tile));
  return size > 44 ? [left, top] : [left, top - size / 2 - 14];
}

function paintBadge(context: CanvasRenderingContext2D, [left, top]: [number, number], text: string, theme: Theme): void {
  context.beginPath();
  context.arc(left, top, 9, 0, 2 * Math.PI);
  context.fillStyle = INK[theme];
  context.fill();
  context.fillStyle = PAPER[theme];
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, left, top + 0.5);
}

const TICK = 5;
const TICK_ROOM = 90;

/** Ticks along the lower and left rim, on paper, so that they can be read on any fill. */
function paintTicks(context: CanvasRenderingContext2D, names: readonly string[], camera: Camera, theme: Theme): void {
  const [left, low, right, high] = camera.box();
  const [width, height] = [camera.width(), camera.height()];
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 1;
  const label = (text: string, x: number, y: number, align: CanvasTextAlign, strong = false): void => {
    context.textAlign = align;
    context.textBaseline = "middle";
    context.font = strong ? "600 12px system-ui, sans-serif" : "11px system-ui, sans-serif";
    context.lineWidth = 3.5;
    context.strokeStyle = PAPER[theme];
    context.strokeText(text, x, y);
    context.fillStyle = strong ? INK[theme] : SOFT[theme];
    context.fillText(text, x, y);
  };
  const line = (x: number, y: number, dx: number, dy: number): void => {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + dx, y + dy);
    context.strokeStyle = SOFT[theme];
    context.lineWidth = 1;
    context.stroke();
  };
  const across = ticks(left, right, Math.max(2, width / TICK_ROOM));
  for (const value of across.at) {
    const [x] = camera.toScreen(value, low);
    line(x, height, 0, -TICK);
    if (x > 46 && x < width - 44) label(across.text(value), x, height - TICK - 8, "center");
  }
  const upward = ticks(low, high, Math.max(2, height / TICK_ROOM));
  for (const value of upward.at) {
    const [, y] = camera.toScreen(left, value);
    line(0, y, TICK, 0);
    if (y > 34 && y < height - 30) label(upward.text(value), TICK + 4, y, "left");
  }
  label(names[0] ?? "", width - 10, height - TICK - 8, "right", true);
  label(names[1] ?? "", TICK + 4, 16, "left", true);
}
