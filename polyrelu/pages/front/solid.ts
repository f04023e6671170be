// The page of bodies in space: legend, opacity, section, edges, search, and a card for each tile that is pointed at.
import { PAPER, INK, litTint, parse } from "./colours";
import { readComplex, type Complex, type ComplexData } from "./complex";
import { Cutter } from "./cut";
import { originText } from "./details";
import { followPointer, type Place } from "./pointer";
import { search } from "./search";
import type { Box } from "./frame";
import { LINES, View, type Edges } from "./scene";
import type { Shade } from "./strokes";
import { DARKEST, type Body } from "./surfaces";
import { card, chip, choice, download, element, legend, openShell, place, readDocument, unpack, type Head, type Legend, type Line, type Packed, type Shell, type Theme } from "./shell";
import { SolidTiles, type Kind } from "./solid_tiles";
import { readLists, readTiles, type CountedDocument, type Facet, type TilesDocument } from "./tiles";
import { faceOn } from "./volume";
import style from "./solid.css";

interface SolidDocument {
  head: Head;
  box: Box;
  complex: ComplexData;
  tilings: TilesDocument[];
  bodies: { name: string; note: string; colour: string }[];
  members: CountedDocument;
  kind: Kind;
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
const STRENGTH = { light: 0.7, dark: 0.73 } as const; // of colours, so that lines of ink stand out against them

const FRAME = { light: "#7a838f", dark: "#8c95a1" } as const;
const ACCENT = { light: "#005f99", dark: "#6bb8ec" } as const;

function rgb(hex: string): Shade {
  const [r, g, b] = parse(hex);
  return [r / 255, g / 255, b / 255];
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
  private pointer: Place | null = null;
  /** How many tiles are looked through. */
  private depth = 0;

  constructor(
    private readonly shell: Shell,
    private readonly data: SolidDocument,
    private readonly complex: Complex,
    readonly tiles: SolidTiles,
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
  describe(tile: number, digits?: number, most?: number, pointed?: (facet: Facet | null) => void): Line[] {
    return this.tiles.describe(tile, digits, most, pointed);
  }

  private swatchOf(tile: number): string | null {
    const owners = this.sets.flatMap((set, i) => (set.has(tile) ? [i] : []));
    return owners.length === 1 ? this.colourOf(tile, owners[0]!) : null;
  }

  /** Point at a tile, and say about it beside it: at a place of the stage, or in its middle. */
  point(tile: number | null, at?: Place): void {
    if (tile !== this.pointed) {
      this.pointed = tile;
      this.floating.replaceChildren(...(tile === null ? [] : [card(this.tiles.titleOf(tile), this.swatchOf(tile), this.describe(tile, DIGITS, SHOWN_ROWS))]));
      this.mark();
    }
    this.floating.hidden = tile === null;
    if (tile === null) return;
    const { x, y } = at ?? this.view.placeOf(this.tiles.middle(tile));
    place(this.floating, this.stage, x, y);
  }

  /** Pin a tile, or take it off. */
  pin(tile: number): void {
    const isNew = !this.pinned.includes(tile);
    this.pinned = isNew ? [...this.pinned, tile] : this.pinned.filter((own) => own !== tile);
    this.floating.hidden = true; // the panel says it now
    this.shell.announce(`${this.tiles.titleOf(tile)} ${isNew ? "pinned" : "no longer pinned"}`);
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
      return card(`${k + 1} · ${this.tiles.titleOf(tile)}`, this.swatchOf(tile), lines, () => this.pin(tile));
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
    this.shell.tool("minus", "Farther", ["-"], () => this.view.eye.zoom(1 / ZOOM));
    this.shell.tool("plus", "Nearer", ["+", "="], () => this.view.eye.zoom(ZOOM));
  }

  reset(): void {
    this.cutter.reset();
    this.view.eye.home();
  }

  private async save(): Promise<void> {
    const blob = await this.view.picture();
    if (blob) download(blob, "polyrelu.png");
  }

  private listenToPointers(): void {
    this.view.canvas.addEventListener("webglcontextlost", () => this.lost());
    followPointer(this.view.canvas, {
      moved: (at) => {
        this.pointer = at;
        this.depth = 0;
      },
      rested: () => this.look(),
      left: () => {
        this.pointer = null;
        this.point(null);
      },
      pressed: () => (this.floating.hidden = true),
      clicked: ({ x, y }) => {
        const tile = this.tileAt(x, y, this.depth);
        if (tile !== null) this.pin(tile);
      },
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
    const turn = (around: number, up: number) => (): void => this.view.eye.turn(around * TURN, up * TURN);
    this.shell.listen(
      { keys: ["ArrowLeft"], shown: "← → ↑ ↓", says: "Turn", run: turn(-1, 0) },
      { keys: ["1", "2", "3"], shown: "1 2 3", says: "Look along an axis", run: (event) => this.view.eye.lookAlong(Number(event.key) - 1) },
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
    this.shell.announce(`${this.tiles.titleOf(tile)}, pattern ${this.tiles.pattern(tile)}`);
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
  const tiles = new SolidTiles(tilings, complex, data.kind, data.bodies.map(({ name }, i) => ({ name, tiles: sets[i]! })));
  if (element("canvas").getContext("webgl2")) {
    Object.assign(window, { polyrelu: new Page(shell, data, complex, tiles, sets, shades) });
  } else {
    shell.stage.append(element("p", { class: "sorry", role: "alert" }, "This page draws with WebGL 2, which this browser does not offer, or has turned off."));
  }
}

void open();
