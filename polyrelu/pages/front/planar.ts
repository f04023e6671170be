// The page of a tiling of the plane, or of a window of a latent plane: what its panel, the pointer and the keys do.
import { makeCamera, type Camera } from "./camera";
import { foldColour } from "./colours";
import { makeComposer, type Choices, type Colouring, type Composer } from "./compose";
import { originText } from "./details";
import { paint, type Scene } from "./draw";
import { makePins, type Pins } from "./pins";
import { readPlane, type PlanarDocument, type Plane } from "./plane";
import { drawSamples } from "./sampling";
import { search } from "./search";
import { card, chip, choice, element, legend, openShell, place, readDocument, toggle, type Legend, type Shell } from "./shell";
import type { Facet } from "./tiles";

const DIGITS = 4;
const SHOWN_ROWS = 7;
const REACH = 5; // pixels around segments and points
const STEP = 60; // pixels that an arrow moves
const ZOOM = 1.6;
const SETTLED = 150; // milliseconds after the last move, when samples are drawn anew

class PlanarPage {
  readonly camera: Camera;
  readonly legend: Legend;
  readonly pins: Pins;
  readonly choices: Choices;
  scene: Scene;
  private readonly composer: Composer;
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly hover = element("div", { class: "hover", hidden: true });
  private isWaiting = false;

  constructor(
    readonly shell: Shell,
    readonly plane: Plane,
    moved: () => void,
  ) {
    const { head, view, frame } = plane.document;
    const said = [head.title, ...head.facts, "n and p go from tile to tile, Enter pins one, ? lists all keys."].join(". ");
    this.canvas = element("canvas", { tabindex: 0, role: "application", "aria-label": said });
    this.context = this.canvas.getContext("2d", { alpha: false })!;
    shell.stage.prepend(this.canvas);
    shell.stage.append(this.hover);
    this.composer = makeComposer(plane);
    this.choices = {
      colouring: colourings(plane)[0]!,
      showsSides: true,
      folds: new Set(),
      samples: [],
      found: [],
      pinned: [],
      pointed: null,
      marked: null,
      traced: [],
    };
    this.legend = legend(plane.entries, {
      ticked: () => this.refresh(),
      chosen: (entry) => this.camera.fit(plane.boxOf(plane.members(entry))),
      pointed: (entry) => this.choose({ marked: entry }),
    });
    this.pins = makePins({
      titleOf: plane.titleOf,
      colourOf: (tile) => this.colourOf(tile),
      linesOf: (tile, digits) => plane.describe(tile, { digits, pointed: (facet) => this.follow(tile, facet) }),
      changed: (pinned) => this.choose({ pinned, traced: [] }),
      announce: shell.announce,
    });
    this.scene = this.composed();
    this.camera = makeCamera(this.canvas, view, frame, () => {
      this.hover.hidden = true;
      this.redraw();
      moved();
    });
    this.followPointer();
  }

  isShown = (tile: number): boolean => this.plane.hasFeatures || this.legend.shown(this.plane.zoneOf[tile]!);

  colourOf(tile: number): string | null {
    return this.composer.colourOf(tile, this.choices.colouring, this.shell.theme());
  }

  /** Choose what marks the picture, and paint it. */
  choose(changes: Partial<Choices>): void {
    Object.assign(this.choices, changes);
    this.redraw();
  }

  /** Make the picture anew, because other tiles, lines or colours are chosen. */
  refresh(): void {
    const { colouring } = this.choices;
    const isKey = colouring === "zones" || colouring === "features";
    this.legend.recolour((entry) => (isKey ? this.composer.entryColour(entry, this.shell.theme()) : "transparent"));
    this.scene = this.composed();
    this.redraw();
  }

  private composed(): Scene {
    return this.composer.compose(this.choices, this.legend.shown, this.shell.theme());
  }

  private redraw(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      if (!this.camera.isMeasured()) return;
      const theme = this.shell.theme();
      this.composer.mark(this.scene, this.choices, this.legend.shown, theme);
      paint(this.context, this.scene, this.plane.polygons, this.camera, theme);
      this.canvas.dataset.view = this.camera.box().join(" ");
      this.canvas.dataset.tile = String(this.choices.pointed ?? -1);
    });
  }

  /** Point at a tile, and say what it is beside it: at a place of the stage, in its middle, or not at all. */
  point(tile: number | null, at?: [number, number] | "silently"): void {
    const { plane, shell, hover } = this;
    if (tile !== this.choices.pointed) {
      const lines = tile === null ? [] : plane.describe(tile, { digits: DIGITS, most: SHOWN_ROWS });
      hover.replaceChildren(...(tile === null ? [] : [card(plane.titleOf(tile), this.colourOf(tile), lines)]));
      if (!plane.hasFeatures) this.legend.mark(tile === null ? null : plane.zoneOf[tile]!);
      this.choose({ pointed: tile });
    }
    hover.hidden = tile === null || at === "silently";
    if (tile !== null && at !== "silently") place(hover, shell.stage, ...(at ?? this.camera.toScreen(...plane.polygons.middle(tile))));
  }

  /** Point at the tile that comes so many after this one, and bring it into view. */
  step(by: number): void {
    const { plane, camera } = this;
    const shown = plane.all.filter(this.isShown);
    if (!shown.length) return;
    const at = this.choices.pointed === null ? Math.min(0, -by) : shown.indexOf(this.choices.pointed);
    const tile = shown[(at + by + shown.length) % shown.length]!;
    const [x, y] = camera.toScreen(...plane.polygons.middle(tile));
    if (x < 0 || y < 0 || x > camera.width() || y > camera.height()) camera.panBy(camera.width() / 2 - x, camera.height() / 2 - y);
    this.point(tile);
    const zone = plane.hasFeatures ? "" : `, zone ${plane.zoneOf[tile]!}`;
    this.shell.announce(`${plane.titleOf(tile)}${zone}, pattern ${plane.tiles.pattern(tile)}`);
  }

  /** Show where else a facet's neuron folds. */
  private follow(tile: number, facet: Facet | null): void {
    const { tiles, polygons } = this.plane;
    const part = tiles.part(tile);
    const isSame = facet !== null && facet.number >= 0;
    const traced = isSame ? polygons.sides.filter((side) => side.facet === facet.number && tiles.part(side.tile) === part) : [];
    if (facet) this.shell.announce(`${originText(tiles.origin(part, facet.number))}: ${traced.length} sides`);
    this.choose({ traced });
  }

  private followPointer(): void {
    const tileAt = (event: MouseEvent): number => {
      const [x, y] = this.camera.toPlane(event.offsetX, event.offsetY);
      return this.plane.locate(x, y, REACH / this.camera.scale(), this.isShown);
    };
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) return;
      const tile = tileAt(event);
      this.point(tile < 0 ? null : tile, event.pointerType === "touch" ? "silently" : [event.offsetX, event.offsetY]);
    });
    this.canvas.addEventListener("pointerleave", () => this.point(null));
    this.canvas.addEventListener("click", (event) => {
      const tile = tileAt(event);
      if (tile >= 0) this.pins.pin(tile);
    });
  }
}

/** The ways to colour a plane, the one to begin with first. */
function colourings({ hasFeatures, entries, document }: Plane): Colouring[] {
  if (hasFeatures) return ["features", "count", "patterns"];
  if (!entries.length) return ["patterns"];
  return document.isRegions ? ["patterns", "zones"] : ["zones", "patterns"];
}

async function open(): Promise<void> {
  const written = readDocument<PlanarDocument>();
  const shell = openShell(written.head);
  const plane = await readPlane(written);
  let settling = 0;
  const page: PlanarPage = new PlanarPage(shell, plane, () => {
    window.clearTimeout(settling);
    settling = window.setTimeout(() => samples.renew(), SETTLED);
  });
  const finding = addSearch(page);
  shell.panel.append(page.pins.section);
  addLegend(page);
  const section = shell.section("View");
  addColouring(page, section);
  const sides = toggle("tile edges", true, (showsSides) => {
    page.choices.showsSides = showsSides;
    page.refresh();
  });
  const samples = makeSamples(page);
  section.append(element("div", { class: "row" }, sides, samples.label), samples.said);
  const nextFold = addFolds(page, section);
  addTools(page);
  shell.listen(
    { keys: ["n"], says: "Next tile", run: () => page.step(1) },
    { keys: ["p"], says: "Previous tile", run: () => page.step(-1) },
    { keys: ["Enter"], says: "Pin the tile, or take it off", run: () => page.choices.pointed !== null && page.pins.pin(page.choices.pointed) },
    { keys: ["x"], says: "All digits of pinned tiles", run: page.pins.toggleDigits },
    { keys: ["/"], says: "Search for a pattern", run: finding.focus },
    { keys: ["e"], says: "Tile edges", run: () => sides.box.click() },
    { keys: ["f"], says: "Fold lines, layer by layer", run: nextFold },
    ...(samples.label ? [{ keys: ["s"], says: "Samples", run: () => samples.label!.box.click() }] : []),
    { keys: ["Escape"], says: "Close what is pinned", run: () => [page.point(null), page.pins.clear(), finding.clear()] },
  );
  shell.onTheme(() => {
    page.refresh();
    page.pins.refresh();
  });
  if (!plane.all.length) shell.stage.append(element("p", { class: "empty" }, "There are no tiles: no input of the domain has such an output."));
  page.refresh();
  publish(page);
}

function addSearch(page: PlanarPage): { focus: () => void; clear: () => void } {
  const { plane, shell } = page;
  const finding = search({
    count: plane.all.length,
    pattern: plane.tiles.pattern,
    found: (found) => page.choose({ found }),
    go: (tile) => {
      page.camera.fit(plane.boxOf([tile]));
      page.point(tile);
    },
  });
  if (plane.all.length && plane.tiles.pattern(0)) shell.section("Search").append(...finding.elements);
  return finding;
}

function addLegend({ plane, shell, legend: list }: PlanarPage): void {
  if (!plane.entries.length) return;
  const all = (on: boolean): HTMLElement => element("button", { class: "plain", type: "button", click: () => list.all(on) }, on ? "all" : "none");
  const beside = plane.entries.length > 1 ? [all(true), all(false)] : [];
  shell.section(plane.hasFeatures ? "Features" : "Zones", ...beside).append(list.list);
}

function addColouring(page: PlanarPage, section: HTMLElement): void {
  const ways = colourings(page.plane);
  if (ways.length < 2) return;
  const chosen = choice("Colour by", [...ways].sort(), page.choices.colouring, (colouring) => {
    page.choices.colouring = colouring;
    page.refresh();
    page.pins.refresh();
  });
  section.append(element("div", { class: "row" }, element("span", { class: "note" }, "colour by"), chosen));
}

/** Buttons for the fold lines of each layer; what is returned turns on the next one, and after the last all off. */
function addFolds(page: PlanarPage, section: HTMLElement): () => void {
  const { plane, choices, shell } = page;
  if (plane.document.features?.layer === 0) return () => undefined; // its only lines are the features' own
  const layers = plane.folds.flatMap((own, layer) => (own.length ? [layer] : []));
  const buttons = layers.map((layer) => {
    const turn = (on: boolean): void => {
      if (on) choices.folds.add(layer);
      else choices.folds.delete(layer);
      page.refresh();
    };
    const button = chip(`layer ${layer}`, false, turn, `Fold lines of layer ${layer}: ${plane.folds[layer]!.length} edges`);
    const dash = element("span", { class: "dash" });
    const paintDash = (): string => (dash.style.background = foldColour(layer, shell.theme()));
    button.prepend(dash);
    shell.onTheme(paintDash);
    paintDash();
    return button;
  });
  const group = element("div", { class: "chips", role: "group", "aria-label": "Fold lines" }, ...buttons);
  if (layers.length) section.append(element("div", { class: "row" }, element("span", { class: "note" }, "fold lines of"), group));
  return () => {
    const next = layers.findIndex((layer) => !choices.folds.has(layer));
    for (const button of next < 0 ? buttons : [buttons[next]!]) button.click();
  };
}

/** A switch for samples, where the page has a target and a network, and what they say. */
function makeSamples(page: PlanarPage): { label: ReturnType<typeof toggle> | null; said: HTMLElement; renew: () => void } {
  const { plane, choices, camera } = page;
  const said = element("p", { class: "note", "aria-live": "polite" });
  let isOn = false;
  const draw = (): void => {
    const samples = isOn ? drawSamples(plane, camera.box()) : [];
    const inside = samples.filter((sample) => sample.inside).length;
    said.textContent = isOn ? `${inside} of ${samples.length} points that were drawn in this view map into the target` : "";
    page.choose({ samples });
  };
  const hasThem = !plane.document.isRegions && plane.tiles.hasNetwork && plane.tiles.partCount > 0;
  const label = hasThem
    ? toggle("samples", false, (on) => {
        isOn = on;
        draw();
      })
    : null;
  return { label, said, renew: () => choices.samples.length && draw() };
}

function addTools({ shell, camera }: PlanarPage): void {
  shell.tool("fit", "Whole picture", ["0"], () => camera.fit());
  shell.tool("minus", "Zoom out", ["-"], () => camera.zoomBy(1 / ZOOM));
  shell.tool("plus", "Zoom in", ["+", "="], () => camera.zoomBy(ZOOM));
  shell.listen({ keys: ["ArrowLeft"], shown: "← → ↑ ↓", says: "Move", run: () => camera.panBy(STEP, 0) });
  shell.listenQuietly(
    { keys: ["ArrowRight"], says: "", run: () => camera.panBy(-STEP, 0) },
    { keys: ["ArrowUp"], says: "", run: () => camera.panBy(0, STEP) },
    { keys: ["ArrowDown"], says: "", run: () => camera.panBy(0, -STEP) },
  );
}

/** What scripts may ask of an open page. */
function publish(page: PlanarPage): void {
  const { plane, camera } = page;
  const { tiles, polygons, folds } = plane;
  const locate = (x: number, y: number, reach: number): number => plane.locate(x, y, reach, page.isShown);
  const describe = (tile: number, digits?: number): unknown => plane.describe(tile, { digits });
  Object.assign(globalThis, { polyrelu: { tiles, polygons, folds, camera, locate, describe, scene: () => page.scene } });
}

void open();
