// What is drawn of bodies in space, by three.js: surfaces, edges, a section, a frame with labels, and what is pointed at.
// It knows colours and opacities, and nothing of networks; see solid.ts for the page around it.
import { BufferGeometry, Color, ColorManagement, DoubleSide, LinearSRGBColorSpace, MeshBasicMaterial, Plane, Points, PointsMaterial } from "three";
import { Scene, Vector3, WebGLRenderer, type Mesh, type PerspectiveCamera } from "three";
import { areaOf, cornerOf, edgesOf, ringOf, scaledTo1, sectionOf, surfaceOf, tilesAlong, type Complex, type Cut, type Passed, type Point, type Section } from "./complex";
import { BOX_CORNERS, Labels, bladeEdges, boxEdges, range, type Box } from "./frame";
import { Orbit } from "./orbit";
import { basic, dashedLines, fatLines, glass, hairlines, mesh, mixFor, setAttribute, setFatLines, setLines, stained, tint, type Look, type Shade, type Stroke } from "./strokes";
import { Surfaces, opacityOf, type Body, type Drawn } from "./surfaces";

/** Which edges are drawn: of the bodies, of their tiles too, or none. */
export type Edges = "outlines" | "tiles" | "none";

/** The opacity of lines between tiles. */
export const LINES = 0.85;
const MOST_STRETCH = 20; // boxes that are longer than this are drawn as cubes
const CAP_STRENGTH = 0.6; // of a body that overlaps others, in a section

ColorManagement.enabled = false; // colours are those of the document, and mix as on paper

/** The stage on which bodies are seen. Nothing moves by itself: it is drawn again when something changes. */
export class View {
  readonly canvas: HTMLCanvasElement;
  /** Called after each drawing. */
  onDraw: () => void = () => undefined;
  private readonly renderer: WebGLRenderer;
  readonly eye: Orbit;
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
    const corners = (): Vector3[] => BOX_CORNERS.map((signs) => new Vector3(...this.seen(this.corner(signs))));
    this.eye = new Orbit(stage, this.canvas, corners, () => this.draw());
    new ResizeObserver(() => this.resize()).observe(stage);
    this.resize();
  }

  get camera(): PerspectiveCamera {
    return this.eye.camera;
  }

  /** The unit direction from the middle to the eye, in the document's coordinates. */
  towardsEye(): Point {
    const { x, y, z } = this.eye.out();
    return scaledTo1([x / this.scale[0], y / this.scale[1], z / this.scale[2]]);
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
    setLines(this.blade, this.cut ? this.bladeOf(this.cut) : []);
  }

  private bladeOf(cut: Cut): Point[] {
    const { x, y, z } = this.clip.normal;
    return bladeEdges(cut, (signs) => this.corner(signs), (point) => this.seen(point), [-x, -y, -z]);
  }

  private resize(): void {
    const [width, height] = [this.stage.clientWidth, this.stage.clientHeight];
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.renderer.setSize(width, height, false);
    this.eye.resize();
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
