// The surfaces of bodies in space as one mesh, painted in the order that an eye needs.
import { BufferAttribute, BufferGeometry, Mesh, type MeshBasicMaterial, type Vector3 } from "three";
import { areaVector, cornerOf, ringOf, scaledTo1, type Complex, type FaceEdges, type Point, type Surface } from "./complex";
import { basic, glass, mixFor, stained, type Look, type Shade } from "./strokes";

const LIGHT = scaledTo1([0.35, -0.45, 0.82]); // faces that look this way, or away from it, keep their colour
export const DARKEST = 0.74;

/** A set of tiles with one look. */
export interface Body {
  has: (tile: number) => boolean;
  colour: (tile: number) => Shade;
  opacity: number;
  /** While others are to be seen, this instead. */
  faint?: number | null;
  shown: boolean;
}

export const opacityOf = (body: Body): number => (body.faint ?? null) === null ? body.opacity : Math.min(body.faint!, body.opacity);

/** A body with its surface and its edges. */
export interface Drawn extends FaceEdges {
  body: Body;
  surface: Surface;
  /** The faces of the surface. */
  rim: Set<number>;
}

/** The polygons of all bodies in one mesh: solid ones as they come, translucent ones from the farthest to the nearest. */
export class Surfaces {
  readonly materials: MeshBasicMaterial[];
  readonly mesh: Mesh<BufferGeometry, MeshBasicMaterial[]>;
  private readonly faces: { part: Drawn; tile: number; first: number; count: number; shade: number }[] = [];
  private readonly middles: Float64Array;
  private readonly colours: Float32Array;
  private readonly index: Uint32Array;
  private readonly facesOf = new Map<Drawn, number[]>();
  private translucent: number[] = [];
  private solid = 0;

  /** `overlap`: bodies lie in one another, and tint what is seen through them, in no order. */
  constructor(
    complex: Complex,
    parts: readonly Drawn[],
    seen: (point: Point) => Point,
    private readonly overlap: boolean,
  ) {
    this.materials = [basic(false), overlap ? glass() : basic(true)];
    this.mesh = new Mesh(new BufferGeometry(), this.materials);
    const places: number[] = [];
    const middles: number[] = [];
    for (const part of parts) {
      const own: number[] = [];
      part.surface.faces.forEach((face, i) => {
        const ring = ringOf(complex, face).map((k) => seen(cornerOf(complex, k)));
        const normal = scaledTo1(areaVector(ring));
        const facing = Math.abs(normal[0] * LIGHT[0] + normal[1] * LIGHT[1] + normal[2] * LIGHT[2]);
        own.push(this.faces.length);
        this.faces.push({ part, tile: part.surface.tiles[i]!, first: places.length / 3, count: ring.length, shade: DARKEST + (1 - DARKEST) * facing });
        for (const corner of ring) places.push(...corner);
        middles.push(...[0, 1, 2].map((axis) => ring.reduce((sum, corner) => sum + corner[axis]! / ring.length, 0)));
      });
      this.facesOf.set(part, own);
    }
    this.middles = Float64Array.from(middles);
    this.colours = new Float32Array((places.length / 3) * 4);
    this.index = new Uint32Array(this.faces.reduce((sum, { count }) => sum + 3 * (count - 2), 0));
    const { geometry } = this.mesh;
    geometry.setAttribute("position", new BufferAttribute(Float32Array.from(places), 3));
    geometry.setAttribute("color", new BufferAttribute(this.colours, 4));
    geometry.setIndex(new BufferAttribute(this.index, 1));
    this.mesh.frustumCulled = false;
  }

  get triangles(): number {
    return this.mesh.visible ? this.mesh.geometry.groups.reduce((sum, { count }) => sum + count / 3, 0) : 0;
  }

  mixFor(look: Look): void {
    if (this.overlap) mixFor(this.materials[1]!, look);
  }

  colour(look: Look): void {
    for (const { part, tile, first, count, shade } of this.faces) {
      const [r, g, b] = part.body.colour(tile);
      const lit: Shade = [r * shade, g * shade, b * shade];
      const opacity = opacityOf(part.body);
      const rgba = this.overlap && opacity < 1 ? [...stained(lit, opacity, look), 1] : [...lit, opacity];
      for (let k = first; k < first + count; k++) this.colours.set(rgba, 4 * k);
    }
    this.mesh.geometry.getAttribute("color").needsUpdate = true;
  }

  show(parts: readonly Drawn[]): void {
    const isSolid = (part: Drawn): boolean => opacityOf(part.body) >= 1;
    this.translucent = parts.filter((part) => !isSolid(part)).flatMap((part) => this.facesOf.get(part)!);
    this.solid = this.write(parts.filter(isSolid).flatMap((part) => this.facesOf.get(part)!), 0);
  }

  /** Put translucent faces into the order in which they are to be painted for an eye. */
  order(eye: Vector3): void {
    const { middles } = this;
    const away = (face: number): number => Math.hypot(middles[3 * face]! - eye.x, middles[3 * face + 1]! - eye.y, middles[3 * face + 2]! - eye.z);
    const distance = new Map(this.translucent.map((face) => [face, away(face)]));
    if (!this.overlap) this.translucent.sort((a, b) => distance.get(b)! - distance.get(a)!);
    const end = this.write(this.translucent, this.solid);
    const { geometry } = this.mesh;
    geometry.index!.needsUpdate = true;
    geometry.clearGroups();
    geometry.addGroup(0, this.solid, 0);
    geometry.addGroup(this.solid, end - this.solid, 1);
    this.mesh.visible = end > 0;
  }

  /** Write the triangles of some faces, fans from a corner, and return where they end. */
  private write(faces: readonly number[], start: number): number {
    let place = start;
    for (const face of faces) {
      const { first, count } = this.faces[face]!;
      for (let k = 2; k < count; k++) {
        this.index[place++] = first;
        this.index[place++] = first + k - 1;
        this.index[place++] = first + k;
      }
    }
    return place;
  }
}
