// What is drawn of bodies in space, by three.js: surfaces, edges, a section, a frame with labels, and what is pointed at.
// It knows colours and opacities, and nothing of networks; see solid.ts for the page around it.
import {
  BufferAttribute,
  BufferGeometry,
  Color,
  ColorManagement,
  CustomBlending,
  DoubleSide,
  DstColorFactor,
  LessEqualDepth,
  LineBasicMaterial,
  LineSegments,
  LinearSRGBColorSpace,
  Mesh,
  MeshBasicMaterial,
  OneFactor,
  OneMinusDstColorFactor,
  PerspectiveCamera,
  Plane,
  Points,
  PointsMaterial,
  Scene,
  Vector3,
  WebGLRenderer,
  ZeroFactor,
  type Material,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { LineSegments2 } from "three/examples/jsm/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/examples/jsm/lines/LineSegmentsGeometry.js";
import {
  areaOf,
  areaVector,
  axesIn,
  cornerOf,
  edgesOf,
  ringOf,
  scaledTo1,
  sectionOf,
  surfaceOf,
  tilesAlong,
  type Complex,
  type Cut,
  type FaceEdges,
  type Passed,
  type Point,
  type Section,
  type Surface,
} from "./complex";
import { element } from "./shell";

export type Shade = readonly [number, number, number];

/** A set of tiles with one look. */
export interface Body {
  has: (tile: number) => boolean;
  colour: (tile: number) => Shade;
  opacity: number;
  /** While others are to be seen, this instead. */
  faint?: number | null;
  shown: boolean;
}

const opacityOf = (body: Body): number => (body.faint ?? null) === null ? body.opacity : Math.min(body.faint!, body.opacity);

export interface Look {
  dark: boolean;
  paper: Shade;
  ink: Shade;
  soft: Shade;
  accent: Shade;
}

/** Which edges are drawn: of the bodies, of their tiles too, or none. */
export type Edges = "outlines" | "tiles" | "none";

export interface Box {
  low: Point;
  high: Point;
  /** The names of the axes. */
  names: readonly string[];
}

const VIEW_ANGLE = 24; // degrees: little enough that parallels look parallel
const NEAREST = 0.6;
const FARTHEST = 40;
const MARGIN = 62; // pixels around the box, for the names of its axes
const HOME = new Vector3(0.62, -1, 0.5); // the direction from which a page is first seen
const LIGHT = scaledTo1([0.35, -0.45, 0.82]); // faces that look this way, or away from it, keep their colour
export const DARKEST = 0.74;
/** The opacity of lines between tiles. */
export const LINES = 0.85;
const MOST_STRETCH = 20; // boxes that are longer than this are drawn as cubes
const DASH = 0.03; // of half the box
const CAP_STRENGTH = 0.6; // of a body that overlaps others, in a section

ColorManagement.enabled = false; // colours are those of the document, and mix as on paper

interface Drawn extends FaceEdges {
  body: Body;
  surface: Surface;
  /** The faces of the surface. */
  rim: Set<number>;
}

/** The stage on which bodies are seen. Nothing moves by itself: it is drawn again when something changes. */
export class View {
  readonly camera = new PerspectiveCamera(VIEW_ANGLE, 1, 0.1, 100);
  readonly canvas: HTMLCanvasElement;
  /** Called after each drawing. */
  onDraw: () => void = () => undefined;
  private readonly renderer: WebGLRenderer;
  private readonly controls: OrbitControls;
  private readonly scene = new Scene();
  private readonly drawn: Drawn[];
  private readonly centre: Point;
  private readonly scale: Point;
  private readonly clip = new Plane();
  private readonly surfaces: Surfaces;
  private readonly caps: Mesh<BufferGeometry, MeshBasicMaterial>;
  private readonly ground = mesh(new MeshBasicMaterial({ side: DoubleSide, polygonOffset: true, polygonOffsetFactor: 2, polygonOffsetUnits: 4 }));
  private readonly outlines = fatLines(1.5);
  private readonly hairs = hairlines(LINES);
  private readonly dashes = dashedLines(1.7);
  private readonly capOutlines = fatLines(1.7);
  private readonly capDashes = dashedLines(1.9);
  private readonly capHairs = hairlines(LINES);
  private readonly frame = hairlines(0.55);
  private readonly blade = hairlines(0.9);
  private readonly stressed = fatLines(2.6);
  private readonly traced = fatLines(2.2);
  private readonly dots = new Points(new BufferGeometry(), new PointsMaterial({ size: 7, sizeAttenuation: false, vertexColors: true }));
  private readonly labels: Labels;
  private waiting = false;
  /** Until the reader moves the camera. */
  private isHome = true;
  private cut: Cut | null = null;
  private look: Look = { dark: false, paper: [1, 1, 1], ink: [0, 0, 0], soft: [0.5, 0.5, 0.5], accent: [0, 0.4, 0.7] };
  private edges: Edges = "tiles";
  private stress: readonly number[] = [];
  private bare = false;
  /** The section that is shown, if any. */
  section: Section | null = null;

  constructor(
    private readonly stage: HTMLElement,
    private readonly complex: Complex,
    readonly bodies: readonly Body[],
    private readonly box: Box,
    private readonly overlap: boolean,
  ) {
    this.renderer = new WebGLRenderer({ antialias: true });
    this.renderer.outputColorSpace = LinearSRGBColorSpace;
    this.renderer.localClippingEnabled = true;
    this.canvas = this.renderer.domElement;
    this.canvas.tabIndex = 0;
    stage.prepend(this.canvas);
    const half = [0, 1, 2].map((axis) => (box.high[axis]! - box.low[axis]!) / 2 || 1) as [number, number, number];
    const most = Math.max(...half);
    this.centre = [0, 1, 2].map((axis) => box.low[axis]! / 2 + box.high[axis]! / 2) as [number, number, number];
    this.scale = most / Math.min(...half) > MOST_STRETCH ? half : [most, most, most];
    this.drawn = bodies.map((body) => {
      const surface = surfaceOf(complex, body.has);
      return { body, surface, rim: new Set(surface.faces), ...edgesOf(complex, surface.faces, surface.open) };
    });
    this.surfaces = new Surfaces(complex, this.drawn, (point) => this.seen(point), overlap);
    this.caps = mesh(overlap ? glass() : basic(false));
    this.labels = new Labels(stage, box, this.scale);
    this.addAll();
    this.camera.up.set(0, 0, 1);
    this.controls = new OrbitControls(this.camera, this.canvas);
    this.controls.minDistance = NEAREST;
    this.controls.maxDistance = FARTHEST;
    this.controls.addEventListener("start", () => (this.isHome = false));
    this.controls.addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(stage);
    this.resize();
  }

  /** Whether axes have different scales here. */
  get stretched(): boolean {
    return this.scale[0] !== this.scale[1] || this.scale[1] !== this.scale[2];
  }

  private addAll(): void {
    const { scene } = this;
    const cutOff = [...this.surfaces.materials, this.outlines.material, this.dashes.material, this.hairs.material, this.stressed.material, this.dots.material];
    cutOff.forEach((material) => (material.clippingPlanes = []));
    for (const lines of [this.stressed, this.traced]) {
      lines.material.depthTest = false;
      lines.material.transparent = true;
      lines.renderOrder = 10;
    }
    scene.add(this.surfaces.mesh, this.ground, this.caps, this.outlines, this.dashes, this.hairs, this.capOutlines, this.capDashes, this.capHairs, this.frame, this.blade, this.stressed, this.traced, this.dots);
    setLines(this.frame, boxEdges().flatMap(([a, b]) => [this.seen(this.corner(a)), this.seen(this.corner(b))]));
  }

  private corner(signs: Point): Point {
    return [0, 1, 2].map((axis) => (signs[axis]! > 0 ? this.box.high : this.box.low)[axis]!) as [number, number, number];
  }

  /** A point of the document as it is placed in the scene, and back. */
  private seen(point: Point): Point {
    return [0, 1, 2].map((axis) => (point[axis]! - this.centre[axis]!) / this.scale[axis]!) as [number, number, number];
  }
  private unseen(x: number, y: number, z: number): Point {
    return [this.centre[0] + this.scale[0] * x, this.centre[1] + this.scale[1] * y, this.centre[2] + this.scale[2] * z];
  }

  // -- what is shown ---------------------------------------------------------------------------------------------

  paint(look: Look): void {
    this.look = look;
    this.renderer.setClearColor(new Color(...look.paper));
    tint(this.ground.material, look.paper);
    this.surfaces.mixFor(look);
    if (this.overlap) mixFor(this.caps.material, look);
    tint(this.frame.material, look.soft);
    tint(this.blade.material, look.accent);
    for (const lines of [this.hairs, this.capHairs]) tint(lines.material, look.ink);
    this.refresh();
  }

  showEdges(edges: Edges): void {
    this.edges = edges;
    this.refresh();
  }

  /** Cut off what is above a plane, or nothing; `bare` shows the section alone. */
  showSection(cut: Cut | null, bare = false): void {
    const same = (this.cut === null) === (cut === null) && this.bare === (bare && cut !== null);
    this.cut = cut;
    this.bare = bare && cut !== null;
    this.section = cut && sectionOf(this.complex, cut);
    if (cut) {
      const normal = cut.normal.map((v, axis) => v * this.scale[axis]!) as [number, number, number];
      const offset = cut.offset - cut.normal.reduce((sum, v, axis) => sum + v * this.centre[axis]!, 0);
      const length = Math.hypot(...normal);
      this.clip.normal.set(-normal[0] / length, -normal[1] / length, -normal[2] / length);
      this.clip.constant = offset / length;
    }
    const planes = cut ? [this.clip] : [];
    for (const part of [...this.surfaces.materials, this.outlines.material, this.dashes.material, this.hairs.material, this.stressed.material, this.dots.material]) {
      part.clippingPlanes = planes;
    }
    if (!same) return this.refresh(); // else no surface is another one
    this.refreshSection();
    this.showTiles(this.stress);
  }

  /** Lay stress on the edges of some tiles. */
  showTiles(tiles: readonly number[]): void {
    this.stress = tiles;
    const ends: Point[] = [];
    for (const tile of tiles) ends.push(...this.tileEdges(tile));
    setFatLines(this.stressed, [{ ends, shade: this.look.ink }]);
    this.draw();
  }

  /** Trace some faces, as those in one plane. */
  showFaces(faces: readonly number[]): void {
    const { bent, flat } = edgesOf(this.complex, faces);
    setFatLines(this.traced, [{ ends: [...bent, ...flat].map((k) => this.seen(cornerOf(this.complex, k))), shade: this.look.accent }]);
    this.draw();
  }

  private tileEdges(tile: number): Point[] {
    const { first, faces } = this.complex;
    const own = [...faces.subarray(first[tile]!, first[tile + 1]!)];
    const { bent } = edgesOf(this.complex, own);
    const ends = bent.map((k) => this.seen(cornerOf(this.complex, k)));
    for (let i = 0; i < this.complex.segments.length; i += 3) {
      if (this.complex.segments[i + 2] === tile) ends.push(...[0, 1].map((k) => this.seen(cornerOf(this.complex, this.complex.segments[i + k]!))));
    }
    const polygon = this.section?.polygons.get(tile)?.map((point) => this.seen(point));
    polygon?.forEach((point, i) => ends.push(point, polygon[(i + 1) % polygon.length]!));
    return ends;
  }

  /** Make everything anew that depends on bodies, colours or the section. */
  refresh(): void {
    const solid = this.bare ? [] : this.shown();
    this.surfaces.colour(this.look);
    this.surfaces.show(solid);
    const ends = (corners: readonly number[]): Point[] => corners.map((k) => this.seen(cornerOf(this.complex, k)));
    setFatLines(
      this.outlines,
      solid.map((part) => ({ ends: ends([...(this.edges === "none" ? [] : part.bent), ...this.segmentsOf(part.body)]), shade: this.lineShade(part.body) })),
    );
    setFatLines(
      this.dashes,
      solid.map((part) => ({ ends: ends(this.edges === "none" ? [] : part.dashed), shade: this.lineShade(part.body) })),
    );
    setLines(this.hairs, this.edges === "tiles" ? solid.flatMap((part) => ends(part.flat)) : []);
    this.refreshDots(solid);
    this.refreshSection();
    this.showTiles(this.stress);
  }

  private shown(): Drawn[] {
    return this.drawn.filter(({ body }) => body.shown && body.opacity > 0);
  }

  /** Ink; where bodies lie in one another, their own colour, nearer to ink. */
  private lineShade(body: Body, tile = 0): Shade {
    if (!this.overlap) return this.look.ink;
    const own = body.colour(tile);
    const mixed = (k: 0 | 1 | 2): number => 0.45 * own[k] + 0.55 * this.look.ink[k];
    return [mixed(0), mixed(1), mixed(2)];
  }

  /** The ends of a body's tiles of dimension 1, by number. */
  private segmentsOf(body: Body): number[] {
    const { segments } = this.complex;
    return range(segments.length / 3).flatMap((i) => (body.has(segments[3 * i + 2]!) ? [segments[3 * i]!, segments[3 * i + 1]!] : []));
  }

  private refreshDots(shown: readonly Drawn[]): void {
    const { points } = this.complex;
    const [places, colours]: [number[], number[]] = [[], []];
    for (const { body } of shown) {
      for (let i = 0; i < points.length; i += 2) {
        if (!body.has(points[i + 1]!)) continue;
        places.push(...this.seen(cornerOf(this.complex, points[i]!)));
        colours.push(...body.colour(points[i + 1]!));
      }
    }
    setAttribute(this.dots.geometry, "position", places, 3);
    setAttribute(this.dots.geometry, "color", colours, 3);
    this.dots.visible = places.length > 0;
  }

  private refreshSection(): void {
    const [places, colours]: [number[], number[]] = [[], []];
    const [bent, dashed]: [Stroke[], Stroke[]] = [[], []];
    const flat: Point[] = [];
    for (const { body, rim, surface } of this.shown()) {
      for (const [tile, polygon] of this.section?.polygons ?? []) {
        if (!body.has(tile)) continue;
        const corners = polygon.map((point) => this.seen(point));
        const strength = Math.min(CAP_STRENGTH, 1.5 * opacityOf(body));
        const shade = this.overlap ? stained(body.colour(tile), strength, this.look) : body.colour(tile);
        for (let i = 2; i < corners.length; i++) {
          for (const corner of [corners[0]!, corners[i - 1]!, corners[i]!]) {
            places.push(...corner);
            colours.push(...shade, 1);
          }
        }
      }
      for (const [face, ends] of this.section?.segments ?? []) {
        const { before, beyond } = this.complex;
        if (rim.has(face)) (surface.open.has(face) ? dashed : bent).push({ ends: ends.map((point) => this.seen(point)), shade: this.lineShade(body) });
        else if (body.has(before[face]!)) flat.push(...ends.map((point) => this.seen(point)));
        else if (beyond[face]! >= 0 && body.has(beyond[face]!)) flat.push(...ends.map((point) => this.seen(point)));
      }
    }
    setAttribute(this.caps.geometry, "position", places, 3);
    setAttribute(this.caps.geometry, "color", colours, 4);
    this.caps.visible = places.length > 0;
    setAttribute(this.ground.geometry, "position", this.overlap ? places : [], 3);
    this.ground.visible = this.overlap && places.length > 0;
    setFatLines(this.capOutlines, this.edges === "none" ? [] : bent);
    setFatLines(this.capDashes, this.edges === "none" ? [] : dashed);
    setLines(this.capHairs, this.edges === "tiles" ? flat : []);
    setLines(this.blade, this.cut ? this.bladeEdges(this.cut) : []);
  }

  /** Where the plane of a section leaves the box, and a square around it where it misses it. */
  private bladeEdges(cut: Cut): Point[] {
    const corners = boxEdges().flatMap(([a, b]): Point[] => {
      const ends = [this.corner(a), this.corner(b)] as const;
      const [h, k] = ends.map((end) => end.reduce((sum, v, axis) => sum + v * cut.normal[axis]!, 0) - cut.offset) as [number, number];
      if (h > 0 === k > 0) return [];
      const part = h / (h - k);
      return [this.seen([0, 1, 2].map((axis) => ends[0][axis]! + part * (ends[1][axis]! - ends[0][axis]!)) as [number, number, number])];
    });
    if (corners.length < 3) return [];
    const [u, v] = axesIn([-this.clip.normal.x, -this.clip.normal.y, -this.clip.normal.z]);
    const middle = corners.reduce<Point>((sum, p) => [sum[0] + p[0] / corners.length, sum[1] + p[1] / corners.length, sum[2] + p[2] / corners.length], [0, 0, 0]);
    const turned = corners
      .map((point) => {
        const out = [point[0] - middle[0], point[1] - middle[1], point[2] - middle[2]] as const;
        const angle = Math.atan2(out[0] * v[0] + out[1] * v[1] + out[2] * v[2], out[0] * u[0] + out[1] * u[1] + out[2] * u[2]);
        const grown = [middle[0] + 1.06 * out[0], middle[1] + 1.06 * out[1], middle[2] + 1.06 * out[2]] as Point;
        return [angle, grown] as const;
      })
      .sort(([a], [b]) => a - b)
      .map(([, point]) => point);
    return turned.flatMap((point, i) => [point, turned[(i + 1) % turned.length]!]);
  }

  // -- the camera ------------------------------------------------------------------------------------------------

  home(): void {
    this.isHome = true;
    this.lookFrom(HOME);
  }

  /** Look at the middle from a direction, so that the box just fits. */
  lookFrom(direction: Vector3): void {
    this.controls.target.set(0, 0, 0);
    const corners = BOX_CORNERS.map((signs) => new Vector3(...this.seen(this.corner(signs))));
    const [across, up] = [this.stage.clientWidth, this.stage.clientHeight].map((size) => 1 - (2 * MARGIN) / Math.max(size, 4 * MARGIN)) as [number, number];
    const fits = (distance: number): boolean => {
      this.camera.position.copy(direction).setLength(distance);
      this.camera.lookAt(0, 0, 0);
      this.camera.updateMatrixWorld();
      return corners.every((corner) => {
        const { x, y, z } = corner.clone().project(this.camera);
        return Math.abs(x) <= across && Math.abs(y) <= up && z < 1;
      });
    };
    let [near, far] = [2, FARTHEST];
    for (let i = 0; i < 24; i++) {
      const distance = (near + far) / 2;
      if (fits(distance)) far = distance;
      else near = distance;
    }
    fits(far);
    this.controls.update();
    this.draw();
  }

  /** Look along an axis, from its positive end. */
  lookAlong(axis: number): void {
    this.isHome = false;
    this.lookFrom(new Vector3(Number(axis === 0), axis === 2 ? -1e-3 : Number(axis === 1) * -1, Number(axis === 2)));
  }

  /** Turn around the middle, by angles in radians. */
  turn(around: number, up: number): void {
    this.isHome = false;
    const { target } = this.controls;
    const out = this.camera.position.clone().sub(target);
    const length = out.length();
    const azimuth = Math.atan2(out.y, out.x) + around;
    const height = Math.max(-1.55, Math.min(1.55, Math.asin(out.z / length) + up));
    out.set(Math.cos(height) * Math.cos(azimuth), Math.cos(height) * Math.sin(azimuth), Math.sin(height));
    this.camera.position.copy(target).addScaledVector(out, length);
    this.controls.update();
    this.draw();
  }

  zoom(factor: number): void {
    this.isHome = false;
    const { target } = this.controls;
    const out = this.camera.position.clone().sub(target);
    out.setLength(Math.max(NEAREST, Math.min(FARTHEST, out.length() / factor)));
    this.camera.position.copy(target).add(out);
    this.controls.update();
    this.draw();
  }

  /** The unit direction from the middle to the eye, in the document's coordinates. */
  towardsEye(): Point {
    const out = this.camera.position.clone().sub(this.controls.target);
    return scaledTo1([out.x / this.scale[0], out.y / this.scale[1], out.z / this.scale[2]]);
  }

  private resize(): void {
    const [width, height] = [this.stage.clientWidth, this.stage.clientHeight];
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    if (this.isHome) this.home();
    this.draw();
  }

  // -- drawing and picking ---------------------------------------------------------------------------------------

  /** Draw when the browser is ready to. */
  draw(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawNow();
    });
  }

  private drawNow(): void {
    this.surfaces.order(this.camera.position);
    this.renderer.render(this.scene, this.camera);
    this.labels.place(this.camera, this.stage.clientWidth, this.stage.clientHeight);
    this.onDraw();
  }

  /** The picture as it is. */
  picture(): Promise<Blob | null> {
    this.drawNow();
    return new Promise((done) => this.canvas.toBlob(done));
  }

  /** The ray under a place of the stage, in the document's coordinates. */
  rayAt(x: number, y: number): { origin: Point; direction: Point } {
    this.camera.updateMatrixWorld();
    const far = new Vector3((2 * x) / this.stage.clientWidth - 1, 1 - (2 * y) / this.stage.clientHeight, 0.5).unproject(this.camera);
    const { position } = this.camera;
    const out = far.sub(position).normalize();
    return {
      origin: this.unseen(position.x, position.y, position.z),
      direction: [out.x * this.scale[0], out.y * this.scale[1], out.z * this.scale[2]],
    };
  }

  /** Whether a body lacks a face of its surface. */
  get hasOpenFaces(): boolean {
    return this.drawn.some(({ surface }) => surface.open.size > 0);
  }

  /** Where a point of the document is on the stage. */
  placeOf(point: Point): { x: number; y: number } {
    this.camera.updateMatrixWorld();
    const { x, y } = new Vector3(...this.seen(point)).project(this.camera);
    return { x: ((x + 1) / 2) * this.stage.clientWidth, y: ((1 - y) / 2) * this.stage.clientHeight };
  }

  /** The visible tiles under a place of the stage, from the nearest on; what the section cuts off has no part. */
  tilesAt(x: number, y: number): Passed[] {
    const { origin, direction } = this.rayAt(x, y);
    const shown = this.bodies.filter((body) => body.shown && body.opacity > 0);
    const passed = tilesAlong(this.complex, origin, direction, (tile) => shown.some((body) => body.has(tile)));
    if (!this.cut) return passed;
    const { normal, offset } = this.cut;
    const [height, slope] = [origin, direction].map((v) => v.reduce((sum, x, axis) => sum + x * normal[axis]!, 0)) as [number, number];
    const at = (offset - height) / slope; // where the ray goes through the plane
    const [least, most] = slope < 0 ? [at, Infinity] : slope > 0 ? [-Infinity, at] : height <= offset ? [-Infinity, Infinity] : [1, 0];
    return passed
      .map(({ tile, enters, leaves }) => ({ tile, enters: Math.max(enters, this.bare ? at : least), leaves: Math.min(leaves, this.bare ? at : most) }))
      .filter(({ enters, leaves }) => enters < leaves || (this.bare && enters === leaves));
  }

  // -- how much there is -----------------------------------------------------------------------------------------

  /** The area of each body's section. */
  sectionAreas(): number[] {
    return this.bodies.map((body) => {
      let sum = 0;
      for (const [tile, polygon] of this.section?.polygons ?? []) if (body.has(tile)) sum += areaOf(polygon);
      return sum;
    });
  }

  /** Triangles and area of each body's surface. */
  surfaceSizes(): { triangles: number; area: number }[] {
    return this.drawn.map(({ surface }) => {
      const rings = surface.faces.map((face) => ringOf(this.complex, face).map((k) => cornerOf(this.complex, k)));
      return {
        triangles: rings.reduce((sum, ring) => sum + ring.length - 2, 0),
        area: rings.reduce((sum, ring) => sum + areaOf(ring), 0),
      };
    });
  }

  /** The triangles that are drawn of surfaces now, and of the section. */
  get drawnTriangles(): { surfaces: number; section: number } {
    return { surfaces: this.surfaces.triangles, section: (this.caps.geometry.getAttribute("position")?.count ?? 0) / 3 };
  }
}

/** The polygons of all bodies in one mesh: solid ones as they come, translucent ones from the farthest to the nearest. */
class Surfaces {
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

/** The names and the ends of the axes beside the box, as text of the page. */
class Labels {
  private readonly texts: HTMLElement[][];

  constructor(
    stage: HTMLElement,
    private readonly box: Box,
    private readonly scale: Point,
  ) {
    const layer = element("div", { class: "axes", "aria-hidden": true });
    stage.append(layer);
    this.texts = box.names.map((name, axis) =>
      [rounded(box.low[axis]!), name, rounded(box.high[axis]!)].map((text, k) => {
        const made = element("span", { class: k === 1 ? "axis" : "end" }, text);
        layer.append(made);
        return made;
      }),
    );
  }

  /** Write along the lowest edges of the outline for horizontal axes, along the leftmost for the vertical one. */
  place(camera: PerspectiveCamera, width: number, height: number): void {
    const half = [0, 1, 2].map((axis) => (this.box.high[axis]! - this.box.low[axis]!) / 2 / this.scale[axis]!) as [number, number, number];
    const at = (point: readonly number[]): [number, number] => {
      const { x, y } = new Vector3(point[0]! * half[0], point[1]! * half[1], point[2]! * half[2]).project(camera);
      return [((x + 1) / 2) * width, ((1 - y) / 2) * height];
    };
    const middle = at([0, 0, 0]);
    const faces = (axis: number, sign: number): boolean => sign * camera.position.getComponent(axis) > half[axis]!;
    this.texts.forEach((texts, axis) => {
      const [b, c] = [(axis + 1) % 3, (axis + 2) % 3] as const;
      const edges = [-1, 1].flatMap((p) => [-1, 1].map((q) => ({ p, q, rim: faces(b, p) !== faces(c, q) })));
      const ends = edges.map(({ p, q, rim }) => {
        const along = (v: number): [number, number] => {
          const point = [0, 0, 0];
          [point[axis], point[b], point[c]] = [v, p, q];
          return at(point);
        };
        const places = [along(-1), along(0), along(1)] as const;
        return { places, score: (axis === 2 ? -places[1][0] : places[1][1]) + (rim ? 1e6 : 0) };
      });
      const { places } = ends.reduce((best, own) => (own.score > best.score ? own : best));
      const [dx, dy] = [places[1][0] - middle[0], places[1][1] - middle[1]];
      const length = Math.hypot(dx, dy) || 1;
      const short = Math.hypot(places[2][0] - places[0][0], places[2][1] - places[0][1]) < 90;
      texts.forEach((text, k) => {
        const [x, y] = [0, 1].map((i) => 0.94 * (places[k]![i]! - places[1][i]!) + places[1][i]!) as [number, number];
        const [right, down] = [(dx / length) * (text.offsetWidth / 2 + 9), (dy / length) * (text.offsetHeight / 2 + 9)];
        text.style.transform = `translate(-50%, -50%) translate(${x + right}px, ${y + down}px)`;
        text.hidden = short && k !== 1;
      });
    });
  }
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

const BOX_CORNERS = range(8).map((k): Point => [k & 1 ? 1 : -1, k & 2 ? 1 : -1, k & 4 ? 1 : -1]);

/** The ends of a box's edges, by signs. */
function boxEdges(): [Point, Point][] {
  return [0, 1, 2].flatMap((axis) =>
    [-1, 1].flatMap((p) =>
      [-1, 1].map((q): [Point, Point] => {
        const end = (v: number): Point => {
          const point: [number, number, number] = [0, 0, 0];
          [point[axis], point[(axis + 1) % 3], point[(axis + 2) % 3]] = [v, p, q];
          return point;
        };
        return [end(-1), end(1)];
      }),
    ),
  );
}

// -- parts of three.js -----------------------------------------------------------------------------------------------

function basic(translucent: boolean): MeshBasicMaterial {
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
function glass(): MeshBasicMaterial {
  const made = basic(true);
  made.blending = CustomBlending;
  made.blendSrcAlpha = ZeroFactor;
  made.blendDstAlpha = OneFactor;
  return made;
}

function mixFor(material: MeshBasicMaterial, { dark }: Look): void {
  material.blendSrc = dark ? OneMinusDstColorFactor : DstColorFactor;
  material.blendDst = dark ? OneFactor : ZeroFactor;
}

/** What glass of a colour and strength writes. */
function stained([r, g, b]: Shade, strength: number, { dark }: Look): Shade {
  const rest = dark ? 0 : 1 - strength;
  return [rest + strength * r, rest + strength * g, rest + strength * b];
}

function mesh(material: MeshBasicMaterial): Mesh<BufferGeometry, MeshBasicMaterial> {
  const made = new Mesh(new BufferGeometry(), material);
  made.frustumCulled = false;
  return made;
}

function hairlines(opacity: number): LineSegments<BufferGeometry, LineBasicMaterial> {
  const made = new LineSegments(new BufferGeometry(), new LineBasicMaterial({ transparent: true, opacity }));
  made.frustumCulled = false;
  return made;
}

function fatLines(width: number): LineSegments2 & { material: LineMaterial } {
  const made = new LineSegments2(new LineSegmentsGeometry(), new LineMaterial({ linewidth: width, vertexColors: true }));
  made.frustumCulled = false;
  return made;
}

/** Lines around faces that do not belong to a body. */
function dashedLines(width: number): LineSegments2 & { material: LineMaterial } {
  const made = fatLines(width);
  Object.assign(made.material, { dashed: true, dashSize: DASH, gapSize: DASH });
  return made;
}

function setAttribute(geometry: BufferGeometry, name: string, numbers: readonly number[], size: number): void {
  geometry.setAttribute(name, new BufferAttribute(Float32Array.from(numbers), size));
}

function setLines(lines: LineSegments<BufferGeometry, LineBasicMaterial>, ends: readonly Point[]): void {
  setAttribute(lines.geometry, "position", ends.flat(), 3);
  lines.visible = ends.length > 0;
}

/** Segments of one colour, by their ends. */
interface Stroke {
  ends: readonly Point[];
  shade: Shade;
}

function setFatLines(lines: LineSegments2, strokes: readonly Stroke[]): void {
  lines.geometry.dispose();
  lines.geometry = new LineSegmentsGeometry();
  const ends = strokes.flatMap((stroke) => stroke.ends.flat());
  lines.visible = ends.length > 0;
  if (!lines.visible) return;
  lines.geometry.setPositions(ends);
  lines.geometry.setColors(strokes.flatMap((stroke) => stroke.ends.flatMap(() => stroke.shade)));
  if (lines.material.dashed) lines.computeLineDistances();
}

function tint(material: Material & { color: { setRGB: (r: number, g: number, b: number) => unknown } }, [r, g, b]: Shade): void {
  material.color.setRGB(r, g, b);
}
