// The page of bodies in space: legend, opacity, section, edges, search, and a card for each tile that is pointed at.
import { PAPER, INK, litTint, parse } from "./colours";
import { cornerOf, ringOf, readComplex, type Complex, type ComplexData, type Point } from "./complex";
import { Cutter } from "./cut";
import { originText, sizeText, tileLines } from "./details";
import { search } from "./search";
import { DARKEST, LINES, View, type Body, type Box, type Edges, type Shade } from "./scene";
import { card, chip, choice, element, legend, openShell, place, readDocument, unpack, type Head, type Legend, type Line, type Packed, type Shell, type Theme } from "./shell";
import { readLists, readTiles, type CountedDocument, type Facet, type Tiles, type TilesDocument } from "./tiles";
import { faceOn, volumeOf } from "./volume";
import style from "./solid.css";

interface SolidDocument {
  head: Head;
  box: Box;
  complex: ComplexData;
  tilings: TilesDocument[];
  bodies: { name: string; note: string; colour: string }[];
  members: CountedDocument;
  /** What bodies are: zones, features, tilings; or regions, each of which has a colour of its own. */
  kind: "zones" | "features" | "tilings" | "regions";
  /** A colour of the palette for each tile, where tiles are told apart. */
  shades: Packed | null;
  palette: string[];
}

const TURN = Math.PI / 24;
const ZOOM = 1.2;
const DIGITS = 4;
const SIZE_DIGITS = 6;
const SHOWN_ROWS = 7;
const MOST_FOUND = 400; // tiles on which stress is laid at once
const OPACITY = { one: 1, several: 0.8, overlapping: 0.2 } as const;
const FAINT = 0.08; // of the others, while one is pointed at in the legend
const STILL = 4; // a click may move by so many pixels
const STRENGTH = { light: 0.7, dark: 0.73 } as const; // of colours, so that lines of ink stand out against them

const FRAME = { light: "#7a838f", dark: "#8c95a1" } as const;
const ACCENT = { light: "#005f99", dark: "#6bb8ec" } as const;

function rgb(hex: string): Shade {
  const [r, g, b] = parse(hex);
  return [r / 255, g / 255, b / 255];
}

/** The tiles of all tilings of a page, counted through. */
class AllTiles {
  private readonly starts = [0];

  constructor(private readonly tilings: Tiles[]) {
    for (const tiles of tilings) this.starts.push(this.starts.at(-1)! + tiles.count);
  }
  get count(): number {
    return this.starts.at(-1)!;
  }
  /** The tiling of a tile, and the number that it has there. */
  home(tile: number): { tiles: Tiles; number: number } {
    const tiling = this.starts.findLastIndex((start, i) => start <= tile && i < this.tilings.length);
    return { tiles: this.tilings[tiling]!, number: tile - this.starts[tiling]! };
  }
  pattern(tile: number): string {
    const { tiles, number } = this.home(tile);
    return tiles.pattern(number);
  }
}

/** What a reader sees and does; tests ask it, too. */
class Page {
  readonly view: View;
  readonly cutter: Cutter;
  private readonly stage: HTMLElement;
  private readonly bodies: Body[];
  private readonly overlap: boolean;
  private colours: { bodies: string[]; palette: string[] } = { bodies: [], palette: [] };
  private readonly list: Legend;
  private readonly floating = element("div", { class: "hover", hidden: true });
  private readonly pins: HTMLElement;
  private readonly pinList = element("div");
  private readonly finding: ReturnType<typeof search>;
  private readonly exactly: HTMLButtonElement;
  private digits: number | undefined = DIGITS;
  private found: number[] = [];
  private pinned: number[] = [];
  private pointed: number | null = null;
  private pointer: { x: number; y: number } | null = null;
  /** How many tiles are looked through. */
  private depth = 0;

  constructor(
    private readonly shell: Shell,
    private readonly data: SolidDocument,
    private readonly complex: Complex,
    readonly tiles: AllTiles,
    private readonly sets: Set<number>[],
    private readonly shades: ArrayLike<number> | null,
  ) {
    this.stage = shell.stage;
    this.mix(shell.theme());
    this.overlap = data.kind === "features" || data.kind === "tilings";
    const opacity = this.overlap ? OPACITY.overlapping : sets.length > 1 ? OPACITY.several : OPACITY.one;
    this.bodies = sets.map((set, i) => ({
      has: (tile) => set.has(tile),
      colour: (tile) => rgb(this.colourOf(tile, i)),
      opacity,
      shown: true,
    }));
    this.view = new View(this.stage, complex, this.bodies, data.box, this.overlap);
    this.view.canvas.setAttribute("role", "application");
    const facts = data.head.facts.join(". ");
    this.view.canvas.setAttribute("aria-label", `${data.head.title}. ${facts}. Arrows turn it, n and p go from tile to tile, Enter pins one, ? lists all keys.`);
    this.stage.append(this.floating);
    this.finding = this.addSearch();
    this.exactly = chip("all digits", false, (on) => {
      this.digits = on ? undefined : DIGITS;
      this.showPins();
    });
    this.pins = this.addPins();
    this.list = this.addBodies();
    this.cutter = new Cutter(shell, data.box, () => this.view.towardsEye(), () => this.applyCut());
    this.addEdges();
    this.addTools();
    this.listenToPointers();
    this.listenToKeys();
    if (!tiles.count) this.stage.append(element("p", { class: "empty" }, "There are no tiles: no input of the domain has such an output."));
    shell.onTheme(() => this.paint());
    this.paint();
  }

  // -- colours -------------------------------------------------------------------------------------------------------

  private mix(theme: Theme): void {
    const tinted = (colour: string): string => litTint(colour, theme, STRENGTH[theme], LINES, DARKEST);
    this.colours = { bodies: this.data.bodies.map(({ colour }) => tinted(colour)), palette: this.data.palette.map(tinted) };
  }

  private colourOf(tile: number, body: number): string {
    return this.shades ? this.colours.palette[this.shades[tile]!]! : this.colours.bodies[body]!;
  }

  private paint(): void {
    const theme = this.shell.theme();
    this.mix(theme);
    const { palette } = this.colours;
    const many = palette.map((shade, i) => `${shade} ${(360 * i) / palette.length}deg ${(360 * (i + 1)) / palette.length}deg`).join(", ");
    this.list.recolour((i) => (this.shades ? `conic-gradient(${many})` : this.colours.bodies[i]!));
    this.view.paint({ dark: theme === "dark", paper: rgb(PAPER[theme]), ink: rgb(INK[theme]), soft: rgb(FRAME[theme]), accent: rgb(ACCENT[theme]) });
    this.showPins();
  }

  // -- sections of the panel -----------------------------------------------------------------------------------------

  private addSearch(): ReturnType<typeof search> {
    const made = search({
      count: this.tiles.count,
      pattern: (tile) => this.tiles.pattern(tile),
      found: (tiles) => {
        this.found = tiles.slice(0, MOST_FOUND);
        this.mark();
      },
      go: (tile) => this.point(tile),
    });
    if (this.tiles.count && this.tiles.pattern(0)) this.shell.section("Search").append(...made.elements);
    return made;
  }

  private addPins(): HTMLElement {
    const clear = element("button", { class: "plain", type: "button", click: () => this.unpin() }, "clear");
    const made = element("section", { "aria-label": "Pinned", hidden: true }, element("div", { class: "heading" }, element("h2", {}, "Pinned"), this.exactly, clear), this.pinList);
    this.shell.panel.append(made);
    return made;
  }

  private addBodies(): Legend {
    const { bodies, kind } = this.data;
    let chosen: number | null = null;
    const slider = element("input", { type: "range", min: 5, max: this.overlap ? 95 : 100, step: 5, "aria-label": "Opacity" });
    const whose = element("span", { class: "note" });
    const shown = element("output", { class: "note" });
    const describe = (): void => {
      whose.textContent = chosen === null ? "opacity" : `opacity of ${bodies[chosen]!.name}`;
      slider.value = String(Math.round(100 * (this.bodies[chosen ?? 0]?.opacity ?? 1)));
      shown.textContent = `${slider.value} %`;
    };
    slider.addEventListener("input", () => {
      this.bodies.forEach((body, i) => {
        if (chosen === null || chosen === i) body.opacity = Number(slider.value) / 100;
      });
      describe();
      this.view.refresh();
    });
    const made = legend(bodies, {
      ticked: () => {
        this.bodies.forEach((body, i) => (body.shown = made.shown(i)));
        this.view.refresh();
        this.applyCut();
      },
      chosen: (i) => {
        chosen = chosen === i ? null : i;
        made.mark(chosen);
        describe();
      },
      pointed: (i) => this.stress(i),
    });
    describe();
    const all = (on: boolean) => element("button", { class: "plain", type: "button", click: () => made.all(on) }, on ? "all" : "none");
    const section = this.shell.section(kind, ...(bodies.length > 1 ? [all(true), all(false)] : []));
    const hint = bodies.length > 1 ? element("p", { class: "note hint" }, `Choose one by its name for an opacity of its own.`) : null;
    if (bodies.length) section.append(made.list, element("label", { class: "row opacity" }, whose, slider, shown), ...(hint ? [hint] : []));
    return made;
  }

  /** Make all bodies but one faint, or none. */
  private stress(one: number | null): void {
    if (this.bodies.length < 2) return;
    this.bodies.forEach((body, i) => (body.faint = one !== null && i !== one ? FAINT : null));
    this.view.refresh();
  }

  private addEdges(): void {
    const kinds: Edges[] = ["outlines", "tiles", "none"];
    const first: Edges = this.overlap ? "outlines" : "tiles";
    this.view.showEdges(first);
    const chips = choice("Edges", kinds, first, (kind) => this.view.showEdges(kind));
    const dashes = element("p", { class: "note hint" }, element("span", { class: "dashes" }), "the boundary does not belong to it");
    this.shell.section("Edges").append(chips, ...(this.view.hasOpenFaces ? [dashes] : []));
    const next = (): void => {
      const pressed = [...chips.children].findIndex((button) => button.getAttribute("aria-pressed") === "true");
      (chips.children[(pressed + 1) % kinds.length] as HTMLElement).click();
    };
    this.shell.listen({ keys: ["e"], says: "Edges: outlines, tiles, none", run: next });
  }

  private applyCut(): void {
    this.view.showSection(this.cutter.current, this.cutter.bare);
    const areas = this.view.sectionAreas();
    const own = this.bodies.flatMap((body, i) => (body.shown && areas[i] ? [`${this.data.bodies[i]!.name} ${short(areas[i]!)}`] : []));
    this.cutter.measured(own.length ? `area of the section: ${own.slice(0, 6).join(", ")}${own.length > 6 ? ", …" : ""}` : "nothing is met");
  }

  // -- tiles ---------------------------------------------------------------------------------------------------------

  /** What a card says of a tile. */
  describe(tile: number, digits?: number, most = Infinity, pointed?: (facet: Facet | null) => void): Line[] {
    const { tiles, number } = this.tiles.home(tile);
    const own: Line[] = [];
    const owners = this.data.bodies.filter((_, i) => this.sets[i]!.has(tile)).map(({ name }) => name);
    if (this.data.kind === "features") own.push({ term: "active", says: owners.join(", ") || "no feature", prose: true });
    else if (this.data.kind === "tilings") own.push({ term: "of", says: owners.join(", "), prose: true });
    else if (this.data.kind === "zones") own.push({ term: "zone", says: owners.map((name) => name.replace("zone ", "")).join(", ") });
    const size = this.sizeOf(tile);
    if (size !== undefined) own.push({ term: "volume", says: sizeText(size, digits && SIZE_DIGITS) });
    const names = this.data.kind === "features" ? ({ coordinate }: { coordinate?: number }) => this.data.bodies[coordinate ?? -1]?.name ?? "" : undefined;
    const lines = tileLines(tiles, number, { digits, near: this.middle(tile), most, names, pointed });
    const at = lines[0]?.term === "pattern" ? 1 : 0;
    return [...lines.slice(0, at), ...own, ...lines.slice(at)];
  }

  /** The exact volume; null where it is infinite, undefined where it is not known, or the tile is flat. */
  private sizeOf(tile: number): ReturnType<typeof volumeOf> | undefined {
    const { tiles, number } = this.tiles.home(tile);
    const written = tiles.written(number);
    if (written) return written.dim < 3 ? undefined : written.size;
    const rows = tiles.facets(number)?.map(({ row }) => row);
    return rows && volumeOf(this.complex, tile, rows);
  }

  private titleOf(tile: number): string {
    return `${this.data.kind === "features" ? "cell" : this.data.kind === "regions" ? "region" : "tile"} ${this.tiles.home(tile).number}`;
  }

  private swatchOf(tile: number): string | null {
    const owners = this.sets.flatMap((set, i) => (set.has(tile) ? [i] : []));
    return owners.length === 1 ? this.colourOf(tile, owners[0]!) : null;
  }

  /** The mean of a tile's corners. */
  middle(tile: number): Point {
    const { first, faces, segments, points } = this.complex;
    const own = new Set([...faces.subarray(first[tile]!, first[tile + 1]!)].flatMap((face) => ringOf(this.complex, face)));
    for (let i = 0; i < segments.length; i += 3) if (segments[i + 2] === tile) own.add(segments[i]!).add(segments[i + 1]!);
    for (let i = 0; i < points.length; i += 2) if (points[i + 1] === tile) own.add(points[i]!);
    const corners = [...own].map((k) => cornerOf(this.complex, k));
    const mean = (axis: 0 | 1 | 2): number => corners.reduce((sum, corner) => sum + corner[axis] / corners.length, 0);
    return [mean(0), mean(1), mean(2)];
  }

  /** Point at a tile, and say about it beside it: at a place of the stage, or in its middle. */
  point(tile: number | null, at?: { x: number; y: number }): void {
    if (tile !== this.pointed) {
      this.pointed = tile;
      this.floating.replaceChildren(...(tile === null ? [] : [card(this.titleOf(tile), this.swatchOf(tile), this.describe(tile, DIGITS, SHOWN_ROWS))]));
      this.mark();
    }
    this.floating.hidden = tile === null;
    if (tile === null) return;
    const { x, y } = at ?? this.view.placeOf(this.middle(tile));
    place(this.floating, this.stage, x, y);
  }

  /** Pin a tile, or take it off. */
  pin(tile: number): void {
    const isNew = !this.pinned.includes(tile);
    this.pinned = isNew ? [...this.pinned, tile] : this.pinned.filter((own) => own !== tile);
    this.floating.hidden = true; // the panel says it now
    this.shell.announce(`${this.titleOf(tile)} ${isNew ? "pinned" : "no longer pinned"}`);
    this.showPins();
  }

  private unpin(): void {
    this.pinned = [];
    this.showPins();
  }

  private showPins(): void {
    this.pins.hidden = !this.pinned.length;
    const made = this.pinned.map((tile, k) => {
      const lines = this.describe(tile, this.digits, Infinity, (facet) => this.trace(tile, facet));
      return card(`${k + 1} · ${this.titleOf(tile)}`, this.swatchOf(tile), lines, () => this.pin(tile));
    });
    this.pinList.replaceChildren(...made);
    this.view.showFaces([]);
    this.mark();
  }

  /** Show all that lies in the plane of a tile's facet. */
  private trace(tile: number, facet: Facet | null): void {
    const face = facet && faceOn(this.complex, tile, facet.row);
    const { tiles, number } = this.tiles.home(tile);
    const plane = face === null ? null : this.complex.planes[face];
    const faces = plane === null ? [] : Array.from(this.complex.before.keys()).filter((other) => this.complex.planes[other] === plane);
    if (facet) this.shell.announce(`${originText(tiles.origin(tiles.part(number), facet.number))}: ${faces.length} faces`);
    this.view.showFaces(faces);
  }

  private mark(): void {
    const tiles = [...this.pinned, ...this.found, ...(this.pointed === null ? [] : [this.pointed])];
    this.view.showTiles([...new Set(tiles)]);
  }

  /** The tile under a place of the stage, through so many others; null where there is none. */
  tileAt(x: number, y: number, depth = 0): number | null {
    const passed = this.view.tilesAt(x, y);
    return passed.length ? passed[Math.min(depth, passed.length - 1)]!.tile : null;
  }

  // -- keys and pointers ---------------------------------------------------------------------------------------------

  private addTools(): void {
    this.shell.tool("save", "Save the picture", ["s"], () => void this.save());
    this.shell.tool("fit", "All as at first", ["0"], () => this.reset());
    this.shell.tool("minus", "Farther", ["-"], () => this.view.zoom(1 / ZOOM));
    this.shell.tool("plus", "Nearer", ["+", "="], () => this.view.zoom(ZOOM));
  }

  reset(): void {
    this.cutter.reset();
    this.view.home();
  }

  private async save(): Promise<void> {
    const blob = await this.view.picture();
    if (!blob) return;
    const link = element("a", { href: URL.createObjectURL(blob), download: "polyrelu.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  private listenToPointers(): void {
    const { canvas } = this.view;
    canvas.addEventListener("webglcontextlost", () => this.lost());
    let waiting = false;
    let pressed: { x: number; y: number } | null = null;
    const at = (event: PointerEvent): { x: number; y: number } => ({ x: event.offsetX, y: event.offsetY });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch" || event.buttons) return;
      this.pointer = at(event);
      this.depth = 0;
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        this.look();
      });
    });
    canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.point(null);
    });
    canvas.addEventListener("pointerdown", (event) => {
      pressed = event.isPrimary && event.button === 0 ? at(event) : null;
      this.floating.hidden = true;
    });
    canvas.addEventListener("pointerup", (event) => {
      const now = at(event);
      const tile = pressed && Math.hypot(now.x - pressed.x, now.y - pressed.y) <= STILL ? this.tileAt(now.x, now.y, this.depth) : null;
      pressed = null;
      if (tile !== null) this.pin(tile);
    });
  }

  /** A browser keeps so many pictures in space at a time, and takes the oldest away. */
  private lost(): void {
    const again = element("button", { class: "plain", type: "button", click: () => location.reload() }, "Draw it again");
    this.stage.append(element("div", { class: "sorry", role: "alert" }, element("p", {}, "The browser took this picture away, as it does where a page has many."), again));
  }

  /** Point at what is under the pointer. */
  private look(): void {
    if (!this.pointer) return;
    const tile = this.tileAt(this.pointer.x, this.pointer.y, this.depth);
    this.view.canvas.classList.toggle("over", tile !== null);
    this.point(tile, this.pointer);
  }

  private listenToKeys(): void {
    const turn = (around: number, up: number) => (): void => this.view.turn(around * TURN, up * TURN);
    this.shell.listen(
      { keys: ["ArrowLeft"], shown: "← → ↑ ↓", says: "Turn", run: turn(-1, 0) },
      { keys: ["1", "2", "3"], shown: "1 2 3", says: "Look along an axis", run: (event) => this.view.lookAlong(Number(event.key) - 1) },
      { keys: ["d", "D"], shown: "d D", says: "Look through the tiles under the pointer, and back", run: (event) => this.dig(event.key === "d" ? 1 : -1) },
      { keys: ["n"], says: "Next tile", run: () => this.step(1) },
      { keys: ["p"], says: "Previous tile", run: () => this.step(-1) },
      { keys: ["Enter"], says: "Pin the tile, or take it off", run: () => this.pointed !== null && this.pin(this.pointed) },
      { keys: ["x"], says: "All digits of pinned tiles", run: () => this.exactly.click() },
      { keys: ["/"], says: "Search for a pattern", run: () => this.finding.focus() },
      {
        keys: ["Escape"],
        says: "Close what is pinned",
        run: () => {
          this.point(null);
          this.unpin();
          this.finding.clear();
        },
      },
    );
    this.shell.listenQuietly(
      { keys: ["ArrowRight"], says: "", run: turn(1, 0) },
      { keys: ["ArrowUp"], says: "", run: turn(0, 1) },
      { keys: ["ArrowDown"], says: "", run: turn(0, -1) },
    );
  }

  private step(by: number): void {
    const shown = Array.from({ length: this.tiles.count }, (_, tile) => tile).filter((tile) => this.bodies.some((body) => body.shown && body.has(tile)));
    if (!shown.length) return;
    const at = this.pointed === null ? (by > 0 ? -1 : 0) : shown.indexOf(this.pointed);
    const tile = shown[(at + by + shown.length) % shown.length]!;
    this.point(tile);
    this.shell.announce(`${this.titleOf(tile)}, pattern ${this.tiles.pattern(tile)}`);
  }

  private dig(by: number): void {
    if (!this.pointer) return;
    const most = this.view.tilesAt(this.pointer.x, this.pointer.y).length - 1;
    this.depth = Math.max(0, Math.min(most, this.depth + by));
    this.look();
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(SIZE_DIGITS)));
}

async function open(): Promise<void> {
  const data = readDocument<SolidDocument>();
  document.head.append(element("style", {}, style));
  const shell = openShell(data.head);
  const [complex, members, shades, tilings] = await Promise.all([
    readComplex(data.complex),
    readLists(data.members),
    data.shades && unpack(data.shades),
    Promise.all(data.tilings.map((own) => readTiles(own))),
  ]);
  const sets = data.bodies.map((_, i) => new Set(members.numbers.subarray(members.starts[i]!, members.starts[i + 1]!)));
  if (element("canvas").getContext("webgl2")) {
    Object.assign(window, { polyrelu: new Page(shell, data, complex, new AllTiles(tilings), sets, shades) });
  } else {
    shell.stage.append(element("p", { class: "sorry", role: "alert" }, "This page draws with WebGL 2, which this browser does not offer, or has turned off."));
  }
}

void open();
