// The page of bodies in space: legend, opacity, section, edges, search, and a card for each tile that is pointed at.
import { cornerOf, ringOf, readComplex, type Complex, type ComplexData, type Point } from "./complex";
import { Cutter } from "./cut";
import { exactText, pointText, rounded, rowText } from "./exact";
import { View, type Body, type Box, type Edges, type Shade } from "./scene";
import { card, choice, element, legend, openShell, place, readDocument, unpack, type Legend, type Line, type Packed, type Saying, type Shell, type Theme } from "./shell";
import { readLists, readTiles, simplePoint, type CountedDocument, type Facet, type Tiles, type TilesDocument } from "./tiles";
import { volumeOf } from "./volume";
import style from "./solid.css";

interface SolidDocument {
  head: { title: string; facts: string[]; warning: string };
  box: Box;
  complex: ComplexData;
  tilings: TilesDocument[];
  bodies: { name: string; note: string; colour: string }[];
  members: CountedDocument;
  /** A colour of the palette for each tile, where tiles are told apart. */
  shades: Packed | null;
  palette: string[];
  /** Whether bodies may lie in one another. */
  overlap: boolean;
}

const TURN = Math.PI / 24;
const ZOOM = 1.2;
const DIGITS = 6;
const MOST_ROWS = 60;
const OPACITY = { single: 1, several: 0.8, overlapping: 0.2 } as const;
const FAINT = 0.08; // of the others, while one is pointed at in the legend
const STILL = 4; // a click may move by so many pixels

const PAPER = { light: "#ffffff", dark: "#15181d" } as const;
const INK = { light: "#14181d", dark: "#f1f3f5" } as const;
const SOFT = { light: "#7a838f", dark: "#8c95a1" } as const;
const ACCENT = { light: "#005f99", dark: "#6bb8ec" } as const;

function rgb(hex: string): Shade {
  const value = Number.parseInt(hex.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** A colour a little nearer to paper, so that lines of ink stand out on it. */
function tinted(hex: string, theme: Theme): Shade {
  const [own, paper] = [rgb(hex), rgb(PAPER[theme])];
  const part = theme === "light" ? 0.7 : 0.62;
  const mixed = (k: 0 | 1 | 2): number => part * own[k] + (1 - part) * paper[k];
  return [mixed(0), mixed(1), mixed(2)];
}

const css = (shade: Shade): string => `rgb(${shade.map((v) => Math.round(255 * v)).join(" ")})`;

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
  private readonly colours: { bodies: Shade[]; palette: Shade[] } = { bodies: [], palette: [] };
  private readonly list: Legend;
  private readonly floating: HTMLElement;
  private readonly pins: HTMLElement;
  private readonly found = element("p", { class: "facts found" });
  private pinned: number | null = null;
  private hovered: number | null = null;
  private pointer: { x: number; y: number } | null = null;
  /** How many tiles are looked through. */
  private depth = 0;

  constructor(
    private readonly shell: Shell,
    private readonly data: SolidDocument,
    private readonly complex: Complex,
    private readonly tiles: AllTiles,
    private readonly sets: Set<number>[],
    private readonly shades: ArrayLike<number> | null,
  ) {
    this.stage = shell.stage;
    this.mix(shell.theme());
    const opacity = data.overlap ? OPACITY.overlapping : sets.length > 1 ? OPACITY.several : OPACITY.single;
    this.bodies = sets.map((set, i) => ({
      has: (tile) => set.has(tile),
      colour: (tile) => (shades ? this.colours.palette[shades[tile]!]! : this.colours.bodies[i]!),
      opacity,
      shown: true,
    }));
    this.view = new View(this.stage, complex, this.bodies, data.box, data.overlap);
    this.view.canvas.setAttribute("aria-label", `${data.head.title}, in space; arrow keys turn it`);
    this.view.canvas.setAttribute("role", "application");
    this.floating = element("div", { class: "hover", hidden: true });
    this.stage.append(this.floating);
    this.list = this.addBodies();
    this.cutter = new Cutter(shell, data.box, () => this.view.towardsEye(), () => this.applyCut());
    this.addEdges();
    this.addSearch();
    this.pins = element("div");
    shell.section("Tile").append(this.pins);
    this.pin(null);
    this.addTools();
    this.listen();
    shell.onTheme(() => this.paint());
    this.paint();
  }

  private mix(theme: Theme): void {
    this.colours.bodies = this.data.bodies.map(({ colour }) => tinted(colour, theme));
    this.colours.palette = this.data.palette.map((colour) => tinted(colour, theme));
  }

  private paint(): void {
    const theme = this.shell.theme();
    this.mix(theme);
    const many = `conic-gradient(${this.colours.palette.map((shade, i, { length }) => `${css(shade)} ${(360 * i) / length}deg ${(360 * (i + 1)) / length}deg`).join(", ")})`;
    this.list.recolour((i) => (this.shades ? many : css(this.colours.bodies[i]!)));
    this.view.paint({ dark: theme === "dark", paper: rgb(PAPER[theme]), ink: rgb(INK[theme]), soft: rgb(SOFT[theme]), accent: rgb(ACCENT[theme]) });
    if (this.pinned !== null) this.pin(this.pinned);
  }

  // -- sections of the panel ---------------------------------------------------------------------------------------

  private addBodies(): Legend {
    const { bodies } = this.data;
    const what = this.shades ? "Regions" : this.data.overlap ? "Features" : "Zones";
    const chosen = { body: null as number | null };
    const slider = element("input", { type: "range", min: 5, max: this.data.overlap ? 95 : 100, step: 5, "aria-label": "Opacity" });
    const whose = element("span", { class: "note" });
    const shown = element("output", { class: "note" });
    const describe = (): void => {
      whose.textContent = `Opacity of ${chosen.body === null ? (bodies.length > 1 ? "all" : bodies[0]?.name ?? "all") : bodies[chosen.body]!.name}`;
      slider.value = String(Math.round(100 * (this.bodies[chosen.body ?? 0]?.opacity ?? 1)));
      shown.textContent = `${slider.value} %`;
    };
    slider.addEventListener("input", () => {
      this.bodies.forEach((body, i) => {
        if (chosen.body === null || chosen.body === i) body.opacity = Number(slider.value) / 100;
      });
      describe();
      this.view.refresh();
    });
    const made = legend(
      bodies.map(({ name, note, colour }) => ({ name, note, colour })),
      {
        ticked: () => this.tick(),
        chosen: (i) => {
          chosen.body = chosen.body === i ? null : i;
          made.mark(chosen.body);
          describe();
        },
        pointed: (i) => this.stress(i),
      },
    );
    describe();
    const several = bodies.length > 1;
    const every = element("button", { class: "plain", type: "button", click: () => made.all(true) }, "All");
    const none = element("button", { class: "plain", type: "button", click: () => made.all(false) }, "None");
    const section = this.shell.section(what, ...(several ? [every, none] : []));
    section.append(made.list, element("label", { class: "row opacity" }, whose, slider, shown));
    if (this.shades) section.append(element("p", { class: "facts" }, "Colours tell neighbouring regions apart."));
    return made;
  }

  private tick(): void {
    this.bodies.forEach((body, i) => (body.shown = this.list.shown(i)));
    this.view.refresh();
    this.applyCut();
  }

  /** Make all bodies but one faint, or none. */
  private stress(one: number | null): void {
    if (this.bodies.length < 2) return;
    this.bodies.forEach((body, i) => (body.faint = one !== null && i !== one ? FAINT : null));
    this.view.refresh();
  }

  private addEdges(): void {
    const kinds: Edges[] = ["outlines", "tiles", "none"];
    const first: Edges = this.data.overlap ? "outlines" : "tiles";
    this.view.showEdges(first);
    const chips = choice("Edges", kinds, first, (kind) => this.view.showEdges(kind));
    this.shell.section("Edges").append(chips);
    const next = (): void => {
      const pressed = [...chips.children].findIndex((button) => button.getAttribute("aria-pressed") === "true");
      (chips.children[(pressed + 1) % kinds.length] as HTMLElement).click();
    };
    this.shell.listen({ keys: ["e"], says: "Edges: outlines, tiles, none", run: next });
  }

  private addSearch(): void {
    const field = element("input", { type: "search", class: "mono", placeholder: "10*1|01", "aria-label": "Pattern", spellcheck: false, autocomplete: "off" });
    let matches: number[] = [];
    let at = 0;
    const go = (): void => {
      const tile = matches[at];
      this.found.textContent = field.value ? (tile === undefined ? "no tile" : `${at + 1} of ${matches.length}`) : "";
      this.pin(tile ?? null);
    };
    field.addEventListener("input", () => {
      matches = field.value ? this.search(field.value) : [];
      at = 0;
      go();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !matches.length) return;
      at = (at + (event.shiftKey ? matches.length - 1 : 1)) % matches.length;
      go();
    });
    this.shell.section("Search for a pattern").append(field, this.found);
    this.shell.listen({ keys: ["/"], says: "Search for a pattern: ? is any sign; Enter goes on", run: () => field.focus() });
  }

  /** The tiles whose pattern begins with a text, in which `?` is any character and bars may be missing. */
  search(text: string): number[] {
    const plain = text.replace(/\|/g, "");
    const bars = text.includes("|");
    const fits = (pattern: string): boolean => {
      const own = bars ? pattern : pattern.replace(/\|/g, "");
      const wanted = bars ? text : plain;
      return wanted.length <= own.length && [...wanted].every((character, k) => character === "?" || character === own[k]);
    };
    return Array.from({ length: this.tiles.count }, (_, tile) => tile).filter((tile) => fits(this.tiles.pattern(tile)));
  }

  private applyCut(): void {
    this.view.showSection(this.cutter.current, this.cutter.bare);
    const areas = this.view.sectionAreas();
    const own = this.bodies.flatMap((body, i) => (body.shown && areas[i] ? [`${this.data.bodies[i]!.name} ${short(areas[i]!)}`] : []));
    this.cutter.measured(own.length ? `Area of the section: ${own.slice(0, 6).join(", ")}${own.length > 6 ? ", …" : ""}` : "The section is empty.");
  }

  // -- tiles ---------------------------------------------------------------------------------------------------------

  /** What a card says of a tile. */
  describe(tile: number, short = false): { title: string; colour: string; lines: Line[] } {
    const { tiles, number } = this.tiles.home(tile);
    const facets = tiles.facets(number);
    const rows = facets?.map(({ row }) => row) ?? null;
    const written = tiles.written(number);
    const point = (rows && simplePoint(this.middle(tile), rows)) ?? written?.point ?? null;
    const size = written ? written.size : rows && volumeOf(this.complex, tile, rows);
    const owners = this.data.bodies.filter((_, i) => this.sets[i]!.has(tile)).map(({ name }) => name);
    const lines: Line[] = [{ term: "pattern", says: tiles.pattern(number) || "–" }];
    if (!this.shades) lines.push({ term: this.data.overlap ? "in" : "zone", says: owners.map((name) => name.replace(/^Zone /, "")).join(", ") || "none", prose: true });
    if (written && written.dim < 3) lines.push({ term: "dimension", says: String(written.dim) });
    if (size) lines.push({ term: "volume", says: short ? rounded(size, DIGITS) : exactSize(size) });
    if (point) lines.push({ term: "point", says: pointText(point) });
    lines.push({ term: "rows", says: facets ? this.sayings(tiles, number, facets, short) : "this page has no room for the network" });
    const body = this.sets.findIndex((set) => set.has(tile));
    const shade = this.shades ? this.colours.palette[this.shades[tile]!]! : this.colours.bodies[Math.max(body, 0)]!;
    return { title: `Tile ${number}`, colour: css(shade), lines };
  }

  private sayings(tiles: Tiles, number: number, facets: readonly Facet[], brief: boolean): Saying[] {
    const listed = facets.slice(0, brief ? 8 : MOST_ROWS).map(({ row, number: facet }) => {
      const { kind, layer, coordinate } = tiles.origin(tiles.part(number), facet);
      const exact = rowText(row, tiles.names);
      const title = kind === "neuron" ? `neuron ${coordinate} of layer ${layer}` : kind === "other" ? undefined : `of the ${kind}`;
      return { text: exact.length > 46 ? `${rowText(row, tiles.names, 4)}` : exact, title: exact.length > 46 ? [exact, title].filter(Boolean).join("\n") : title };
    });
    const left = facets.length - listed.length;
    return left > 0 ? [...listed, { text: `and ${left} more` }] : listed;
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

  /** Pin a tile, or none. */
  pin(tile: number | null): void {
    this.pinned = tile;
    this.pins.replaceChildren();
    if (tile === null) {
      this.pins.append(element("p", { class: "facts" }, "Point at a tile to read about it; click to keep it here."));
    } else {
      const { title, colour, lines } = this.describe(tile);
      this.pins.append(card(title, colour, lines, () => this.pin(null)));
      this.shell.announce(`${title}, ${lines.map(({ term, says }) => (typeof says === "string" ? `${term} ${says}` : "")).join(", ")}`);
    }
    this.mark();
  }

  private mark(): void {
    this.view.showTiles([...new Set([this.pinned, this.hovered])].filter((tile) => tile !== null));
  }

  /** The tile under a place of the stage, through so many others; null where there is none. */
  tileAt(x: number, y: number, depth = 0): number | null {
    const passed = this.view.tilesAt(x, y);
    return passed.length ? passed[Math.min(depth, passed.length - 1)]!.tile : null;
  }

  private hover(): void {
    const tile = this.pointer && this.tileAt(this.pointer.x, this.pointer.y, this.depth);
    this.view.canvas.classList.toggle("over", tile !== null);
    if (tile !== this.hovered) {
      this.hovered = tile;
      this.floating.replaceChildren();
      if (tile !== null) {
        const { title, colour, lines } = this.describe(tile, true);
        this.floating.append(card(title, colour, lines));
      }
      this.mark();
    }
    this.floating.hidden = tile === null;
    if (tile !== null) place(this.floating, this.stage, this.pointer!.x, this.pointer!.y);
  }

  private leave(): void {
    this.pointer = null;
    this.depth = 0;
    this.hover();
  }

  // -- keys and pointers ---------------------------------------------------------------------------------------------

  private addTools(): void {
    this.shell.tool("save", "Save the picture", ["s"], () => void this.save());
    this.shell.tool("plus", "Nearer", ["+", "="], () => this.view.zoom(ZOOM));
    this.shell.tool("minus", "Farther", ["-", "_"], () => this.view.zoom(1 / ZOOM));
    this.shell.tool("fit", "All as at first", ["0", "r"], () => this.reset());
  }

  reset(): void {
    this.cutter.reset();
    this.view.home();
    this.pin(null);
  }

  private async save(): Promise<void> {
    const blob = await this.view.picture();
    if (!blob) return;
    const link = element("a", { href: URL.createObjectURL(blob), download: "polyrelu.png" });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  private listen(): void {
    const { canvas } = this.view;
    let asked = false;
    let pressed: { x: number; y: number } | null = null;
    const at = (event: PointerEvent): { x: number; y: number } => {
      const { left, top } = canvas.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const later = (): void => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        this.hover();
      });
    };
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch" || event.buttons) return;
      this.pointer = at(event);
      this.depth = 0;
      later();
    });
    canvas.addEventListener("pointerleave", () => this.leave());
    canvas.addEventListener("pointerdown", (event) => {
      pressed = event.isPrimary && event.button === 0 ? at(event) : null;
      if (pressed && event.pointerType !== "touch") this.floating.hidden = true;
    });
    canvas.addEventListener("pointerup", (event) => {
      const now = at(event);
      if (pressed && Math.hypot(now.x - pressed.x, now.y - pressed.y) <= STILL) this.pin(this.tileAt(now.x, now.y, this.depth));
      pressed = null;
    });
    const step = (by: number) => (): void => {
      const { count } = this.tiles;
      if (count) this.pin(this.pinned === null ? (by > 0 ? 0 : count - 1) : (this.pinned + by + count) % count);
    };
    this.shell.listen(
      { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], shown: "← → ↑ ↓", says: "Turn", run: (event) => this.turn(event.key) },
      { keys: ["1", "2", "3"], shown: "1 2 3", says: "Look along an axis", run: (event) => this.view.lookAlong(Number(event.key) - 1) },
      { keys: ["d", "D"], shown: "d D", says: "Look through the tiles under the pointer, and back", run: (event) => this.dig(event.key === "d" ? 1 : -1) },
      { keys: ["n"], says: "Next tile", run: step(1) },
      { keys: ["b"], says: "Tile before", run: step(-1) },
      { keys: ["Escape"], says: "Unpin", run: () => this.pin(null) },
    );
  }

  private turn(key: string): void {
    const [around, up] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key] as [number, number];
    this.view.turn(around * TURN, up * TURN);
  }

  private dig(by: number): void {
    if (!this.pointer) return;
    const most = this.view.tilesAt(this.pointer.x, this.pointer.y).length - 1;
    this.depth = Math.max(0, Math.min(most, this.depth + by));
    this.hover();
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}

/** A volume exactly where that is short, or rounded. */
function exactSize(size: { n: bigint; d: bigint }): string {
  const exact = exactText(size);
  return exact.length <= 24 ? exact : rounded(size, DIGITS);
}

async function open(): Promise<void> {
  const data = readDocument<SolidDocument>();
  document.head.append(element("style", {}, style));
  const shell = openShell({ ...data.head, warning: data.head.warning || undefined });
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
