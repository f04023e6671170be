// Meshes and lines of three.js as scenes use them: solid, translucent or like glass; thin, fat or dashed.
import {
  BufferAttribute,
  BufferGeometry,
  CustomBlending,
  DoubleSide,
  DstColorFactor,
  LessEqualDepth,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshBasicMaterial,
  OneFactor,
  OneMinusDstColorFactor,
  ZeroFactor,
  type Material,
} from "three";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { LineSegments2 } from "three/examples/jsm/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/examples/jsm/lines/LineSegmentsGeometry.js";
import type { Point } from "./complex";

export type Shade = readonly [number, number, number];

export interface Look {
  dark: boolean;
  paper: Shade;
  ink: Shade;
  soft: Shade;
  accent: Shade;
}

const DASH = 0.03; // of half the box

export function basic(translucent: boolean): MeshBasicMaterial {
  return new MeshBasicMaterial({
    vertexColors: true,
    side: DoubleSide,
    transparent: translucent,
    depthWrite: !translucent,
    depthFunc: LessEqualDepth,
    polygonOffset: true, // so that edges are in front of their faces
    polygonOffsetFactor: 1,
    polygonOffsetUnits: 2,
  });
}

/** Glass: what is behind is multiplied by its colour on light paper, and lit by it on dark paper, in any order. */
export function glass(): MeshBasicMaterial {
  const made = basic(true);
  made.blending = CustomBlending;
  made.blendSrcAlpha = ZeroFactor;
  made.blendDstAlpha = OneFactor;
  return made;
}

export function mixFor(material: MeshBasicMaterial, { dark }: Look): void {
  material.blendSrc = dark ? OneMinusDstColorFactor : DstColorFactor;
  material.blendDst = dark ? OneFactor : ZeroFactor;
}

/** What glass of a colour and strength writes. */
export function stained([r, g, b]: Shade, strength: number, { dark }: Look): Shade {
  const rest = dark ? 0 : 1 - strength;
  return [rest + strength * r, rest + strength * g, rest + strength * b];
}

export function mesh(material: MeshBasicMaterial): Mesh<BufferGeometry, MeshBasicMaterial> {
  const made = new Mesh(new BufferGeometry(), material);
  made.frustumCulled = false;
  return made;
}

export function hairlines(opacity: number): LineSegments<BufferGeometry, LineBasicMaterial> {
  const made = new LineSegments(new BufferGeometry(), new LineBasicMaterial({ transparent: true, opacity }));
  made.frustumCulled = false;
  return made;
}

export function fatLines(width: number): LineSegments2 & { material: LineMaterial } {
  const made = new LineSegments2(new LineSegmentsGeometry(), new LineMaterial({ linewidth: width, vertexColors: true }));
  made.frustumCulled = false;
  return made;
}

/** Lines around faces that do not belong to a body. */
export function dashedLines(width: number): LineSegments2 & { material: LineMaterial } {
  const made = fatLines(width);
  Object.assign(made.material, { dashed: true, dashSize: DASH, gapSize: DASH });
  return made;
}

export function setAttribute(geometry: BufferGeometry, name: string, numbers: readonly number[], size: number): void {
  geometry.setAttribute(name, new BufferAttribute(Float32Array.from(numbers), size));
}

export function setLines(lines: LineSegments<BufferGeometry, LineBasicMaterial>, ends: readonly Point[]): void {
  setAttribute(lines.geometry, "position", ends.flat(), 3);
  lines.visible = ends.length > 0;
}

/** Segments of one colour, by their ends. */
export interface Stroke {
  ends: readonly Point[];
  shade: Shade;
}

export function setFatLines(lines: LineSegments2, strokes: readonly Stroke[]): void {
  lines.geometry.dispose();
  lines.geometry = new LineSegmentsGeometry();
  const ends = strokes.flatMap((stroke) => stroke.ends.flat());
  lines.visible = ends.length > 0;
  if (!lines.visible) return;
  lines.geometry.setPositions(ends);
  lines.geometry.setColors(strokes.flatMap((stroke) => stroke.ends.flatMap(() => stroke.shade)));
  if (lines.material.dashed) lines.computeLineDistances();
}

export function tint(material: Material & { color: { setRGB: (r: number, g: number, b: number) => unknown } }, [r, g, b]: Shade): void {
  material.color.setRGB(r, g, b);
}
