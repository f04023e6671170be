// The page of a tiling of the plane, or of a window of a latent plane: see polyrelu/pages/planar.py.
import { makeCamera, type Box } from "./camera";
import { foldColour, lineOn, scale, SOFT, tint } from "./colours";
import { originText, sizeText, tileLines } from "./details";
import { paint, type Fill, type Sample, type Scene } from "./draw";
import { holds, rationalOf, readRow, type Rational } from "./exact";
import { coloured, readPolygons, type PolygonsDocument, type Side } from "./polygons";
import { search } from "./search";
import { card, chip, choice, element, legend, openShell, place, readDocument, toggle, unpack, type Head, type Line, type Packed, type Theme } from "./shell";
import { area, corners, readTiles, type Facet, type Origin, type TilesDocument } from "./tiles";

interface PlanarDocument extends PolygonsDocument {
  head: Head;
  view: Box;
  domain: [number, number][] | null;
  frame: Box | null;
  tiles: TilesDocument;
  zones: { of: Packed; entries: { tiles: number; area: string | null }[]; colours: string[] };
  features: { entries: { name: string; area: string }[]; colours: string[] } | null;
  isRegions: boolean;
}
type Colouring = "zones" | "patterns" | "features" | "count";

const SAMPLES = 2000;
const SHOWN_ROWS = 7;
const DIGITS = 4;
const AREA_DIGITS = 6;
const GROUPS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#999933", "#882255"];

async function open(): Promise<void> {
  const document_ = readDocument<PlanarDocument>();
  const shell = openShell(document_.head);
  const [tiles, polygons, ofZone] = await Promise.all([readTiles(document_.tiles), readPolygons(document_), unpack(document_.zones.of)]);
  const { entries: zones, colours } = document_.zones;
  const { features } = document_;
  const groups = coloured(polygons);
  const canvas = element("canvas", {
    tabindex: 0,
    role: "application",
    "aria-label": `${document_.head.title}. ${document_.head.facts.join(". ")}. n and p go from tile to tile, Enter pins one, ? lists all keys.`,
  });
  shell.stage.prepend(canvas);
  const context = canvas.getContext("2d", { alpha: false })!;
  const hover = element("div", { class: "hover", hidden: true });
  shell.stage.append(hover);

  // What the reader has chosen.
  let colouring: Colouring = features ? "features" : document_.isRegions || zones.length === 0 ? "patterns" : "zones";
  let showsSides = true;
  const folds = new Set<number>();
  let samples: Sample[] = [];
  let wantsSamples = false;
  let found: number[] = [];
  let pinned: number[] = [];
  let pointed: number | null = null;
  let marked: number | null = null; // the entry of the legend that is pointed at
  let traced: readonly Side[] = [];
  let digits: number | undefined = DIGITS;

  // ---- what is where ----

  const isFlat = (tile: number): boolean => polygons.corners(tile).length < 3;
  const sidesOf = (tile: number): Side[] => polygons.sides.slice(polygons.starts[tile], polygons.starts[tile + 1]);
  const isShown = (tile: number): boolean =>
    features ? true : entryList.shown(ofZone[tile]!);
  const layersOf = (side: Side): number | undefined => tiles.origin(tiles.part(side.tile), side.facet).layer;
  const foldsOf: Side[][] = Array.from({ length: tiles.layerCount }, () => []);
  polygons.sides.forEach((side, k) => {
    const other = polygons.across[k]!;
    const layer = side.facet >= 0 && !(other >= 0 && other < side.tile) ? layersOf(side) : undefined;
    if (layer !== undefined) foldsOf[layer]!.push(side);
  });

  /** The tile at a point, decided exactly where the page has the rows: the first one, as locate() finds it. */
  const locate = (x: number, y: number, reach: number): number => {
    const point: Rational[] = [rationalOf(x), rationalOf(y)];
    const near = polygons.near(x, y, reach).filter(isShown);
    const exact = near.find((tile) => tiles.facets(tile)?.every(({ row }) => holds(row, point)));
    const flat = near.find(isFlat);
    return flat ?? exact ?? (near.some((tile) => tiles.facets(tile) === null) ? near[0]! : -1);
  };

  const sizeOf = (tile: number): Rational | null | undefined => {
    const written = tiles.written(tile);
    if (written) return written.size ?? (written.dim < 2 ? undefined : null);
    const sides = sidesOf(tile);
    const facets = tiles.facets(tile);
    if (facets === null) return undefined;
    const rows = new Map(facets.map(({ row, number }) => [number, row]));
    const bounding = sides.map(({ facet }) => rows.get(facet));
    return bounding.every((row) => row !== undefined) ? area(corners(bounding)) : null;
  };

  // ---- legend ----

  const entries = features
    ? features.entries.map((entry, i) => ({ name: entry.name, note: entry.area, colour: features.colours[i % features.colours.length]! }))
    : zones.map((zone, i) => ({
        name: `zone ${i}`,
        note: `${zone.tiles.toLocaleString("en")} ${zone.tiles === 1 ? "tile" : "tiles"}${zone.area === "0" ? "" : ` · ${zone.area ?? "unbounded"}`}`,
        colour: colours[i % colours.length]!,
      }));
  const entryList = legend(entries, {
    ticked: () => refresh(),
    chosen: (number) => camera.fit(boxOf(tilesOf(number))),
    pointed: (number) => {
      marked = number;
      redraw();
    },
  });
  const tilesOf = (number: number): number[] => {
    const own: number[] = [];
    for (let tile = 0; tile < tiles.count; tile++) if (features ? tiles.bit(tile, number) : ofZone[tile] === number) own.push(tile);
    return own;
  };
  const boxOf = (own: readonly number[]): Box | undefined => {
    const boxes = own.map(polygons.box);
    if (!boxes.length) return undefined;
    return [0, 1, 2, 3].map((k) => boxes.reduce((best, box) => (k < 2 ? Math.min(best, box[k]!) : Math.max(best, box[k]!)), k < 2 ? Infinity : -Infinity)) as Box;
  };

  // ---- picture ----

  const zoneColour = (number: number, theme: Theme): string => (theme === "light" ? colours[number % colours.length]! : tint(colours[number % colours.length]!, theme, 1.05));
  let scene: Scene | undefined;
  const build = (): void => {
    const theme = shell.theme();
    const shown = Array.from({ length: tiles.count }, (_, tile) => tile).filter(isShown);
    const full = shown.filter((tile) => !isFlat(tile));
    const inSight = new Uint8Array(tiles.count);
    for (const tile of full) inSight[tile] = 1;
    const byFeature = features && colouring === "features";
    const colourOfTile = (tile: number): string =>
      colouring === "zones" ? zoneColour(ofZone[tile]!, theme) : colouring === "count" ? countColour(tile, theme) : tint(GROUPS[groups[tile]!]!, theme);
    const hairlines = new Map<string, Side[]>();
    const [rim, openRim]: [Side[], Side[]] = [[], []];
    polygons.sides.forEach((side, k) => {
      if (!inSight[side.tile]) return;
      const other = polygons.across[k]!;
      const joined = other >= 0 && inSight[other] && ofZone[other] === ofZone[side.tile];
      if (!joined) (tiles.isOpen(tiles.part(side.tile), side.facet) ? openRim : rim).push(side);
      else if (side.tile < other) gather(hairlines, byFeature ? SOFT[theme] : lineOn(colourOfTile(side.tile), theme), side);
    });
    scene = {
      domain: document_.domain,
      names: tiles.names,
      fills: byFeature ? featureFills(theme) : gathered(full, colourOfTile),
      hairlines: showsSides ? [...hairlines].map(([colour, sides]) => ({ colour, sides })) : [],
      rims: [{ sides: rim }, { sides: openRim, isOpen: true }, ...(byFeature ? featureRims() : [])],
      folds: [...folds].sort((a, b) => b - a).map((layer) => ({ layer, sides: foldsOf[layer]!.filter((side) => isShown(side.tile)) })),
      samples,
      found: found.filter(isShown),
      pinned,
      pointed,
      traced,
      flat: shown.filter(isFlat).map((tile) => ({ tile, colour: zoneColour(ofZone[tile] ?? 0, theme) })),
    };
  };
  const gathered = (own: readonly number[], colour: (tile: number) => string): Fill[] => {
    const by = new Map<string, number[]>();
    for (const tile of own) gather(by, colour(tile), tile);
    return [...by].map(([shade, members]) => ({ tiles: members, colour: shade }));
  };
  const countOf = (tile: number): number => (tiles.pattern(tile).match(/1/g) ?? []).length;
  let most = 1;
  for (let tile = 0; tile < tiles.count; tile++) most = Math.max(most, countOf(tile));
  const countColour = (tile: number, theme: Theme): string => scale(countOf(tile) / most, theme);
  const shownFeatures = (): number[] => entries.map((_, i) => i).filter((i) => entryList.shown(i));
  const featureFills = (theme: Theme): Fill[] =>
    shownFeatures().map((i) => ({ tiles: tilesOf(i), colour: entries[i]!.colour, opacity: marked === i ? 0.75 : theme === "light" ? 0.3 : 0.36 }));
  const featureRims = (): { sides: Side[]; colour: string }[] =>
    shownFeatures().map((i) => ({
      colour: entries[i]!.colour,
      sides: polygons.sides.filter((side, k) => tiles.bit(side.tile, i) && (polygons.across[k]! < 0 || !tiles.bit(polygons.across[k]!, i))),
    }));

  let waiting = false;
  const redraw = (): void => {
    if (waiting || !scene) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const emphasis = marked !== null && !(features && colouring === "features") ? tilesOf(marked) : [];
      if (!scene) return;
      Object.assign(scene, { pointed, pinned, traced, samples, found: [...found.filter(isShown), ...(emphasis.length < 400 ? emphasis : [])] });
      if (features && colouring === "features") scene.fills = featureFills(shell.theme());
      paint(context, scene, polygons, camera, shell.theme());
      canvas.dataset.view = camera.box().join(" ");
      canvas.dataset.tile = String(pointed ?? -1);
    });
  };
  const refresh = (): void => {
    build();
    redraw();
  };
  let settling = 0;
  const camera = makeCamera(canvas, document_.view, document_.frame, () => {
    hover.hidden = true;
    redraw();
    window.clearTimeout(settling);
    settling = window.setTimeout(() => wantsSamples && drawSamples(), 150);
  });

  // ---- cards ----

  const titleOf = (tile: number): string => (features ? `region ${tile}` : `tile ${tile}`);
  const colourOf = (tile: number): string | null =>
    colouring === "zones" ? zoneColour(ofZone[tile]!, shell.theme()) : colouring === "patterns" ? tint(GROUPS[groups[tile]!]!, shell.theme()) : null;
  const describe = (tile: number, shownDigits: number | undefined, most = Infinity, pointed?: (facet: Facet | null) => void): Line[] => {
    const size = sizeOf(tile);
    const own: Line[] = [];
    if (features) {
      const active = features.entries.filter((_, i) => tiles.bit(tile, i)).map((entry) => entry.name);
      own.push({ term: "active", says: active.join(", ") || "no feature", prose: true });
    } else if (zones.length) {
      own.push({ term: "zone", says: String(ofZone[tile]!) });
    }
    if (size !== undefined) own.push({ term: "area", says: sizeText(size, shownDigits && AREA_DIGITS) });
    const names = features ? ({ coordinate }: Origin) => features.entries[coordinate ?? -1]?.name ?? "" : undefined;
    const lines = tileLines(tiles, tile, { digits: shownDigits, near: polygons.middle(tile), most, names, pointed });
    const at = lines[0]?.term === "pattern" ? 1 : 0;
    return [...lines.slice(0, at), ...own, ...lines.slice(at)];
  };
  const linesOf = (tile: number, isPinned: boolean): Line[] =>
    isPinned ? describe(tile, digits, Infinity, (facet) => follow(tile, facet)) : describe(tile, DIGITS, SHOWN_ROWS);

  /** Show where else a facet's neuron folds. */
  const follow = (tile: number, facet: Facet | null): void => {
    const part = tiles.part(tile);
    traced = facet && facet.number >= 0 ? polygons.sides.filter((side) => side.facet === facet.number && tiles.part(side.tile) === part) : [];
    if (facet) shell.announce(`${originText(tiles.origin(part, facet.number))}: ${traced.length} sides`);
    redraw();
  };

  /** Point at a tile, and say about it beside it: at a place of the stage, or in its middle. */
  const point = (tile: number | null, at?: [number, number] | "elsewhere"): void => {
    if (tile !== pointed) {
      pointed = tile;
      hover.replaceChildren(...(tile === null ? [] : [card(titleOf(tile), colourOf(tile), linesOf(tile, false))]));
      if (!features) entryList.mark(tile === null ? null : ofZone[tile]!);
      redraw();
    }
    hover.hidden = tile === null || at === "elsewhere";
    if (tile !== null && at !== "elsewhere") place(hover, shell.stage, ...(at ?? camera.toScreen(...polygons.middle(tile))));
  };

  const pins = element("section", { "aria-label": "Pinned", hidden: true });
  const pinList = element("div");
  const exactly = chip("all digits", false, (on) => {
    digits = on ? undefined : DIGITS;
    showPins();
  });
  pins.append(
    element("div", { class: "heading" }, element("h2", {}, "Pinned"), exactly, element("button", { class: "plain", type: "button", click: () => unpin() }, "clear")),
    pinList,
  );
  const showPins = (): void => {
    pins.hidden = !pinned.length;
    pinList.replaceChildren(...pinned.map((tile, k) => card(`${k + 1} · ${titleOf(tile)}`, colourOf(tile), linesOf(tile, true), () => pin(tile))));
    redraw();
  };
  const pin = (tile: number): void => {
    const isNew = !pinned.includes(tile);
    pinned = isNew ? [...pinned, tile] : pinned.filter((own) => own !== tile);
    traced = [];
    shell.announce(`${titleOf(tile)} ${isNew ? "pinned" : "no longer pinned"}`);
    showPins();
  };
  const unpin = (): void => {
    pinned = [];
    traced = [];
    showPins();
  };

  // ---- samples ----

  const drawSamples = (): void => {
    const random = seeded();
    const [left, low, right, high] = camera.box();
    const domain = document_.tiles.parts[0]?.domain.map(readRow) ?? [];
    const isInDomain = (x: number, y: number): boolean => domain.every(({ normal, offset }) => Number(normal[0]) * x + Number(normal[1]) * y <= Number(offset));
    const all = Array.from({ length: SAMPLES }, () => [left + random() * (right - left), low + random() * (high - low)] as const);
    const parts = [...Array(tiles.partCount).keys()];
    samples = wantsSamples
      ? all.filter(([x, y]) => isInDomain(x, y)).map(([x, y]) => ({ x, y, inside: parts.some((part) => tiles.isInside(part, [x, y])) }))
      : [];
    const inside = samples.filter((sample) => sample.inside).length;
    counted.textContent = wantsSamples ? `${inside} of ${samples.length} points that were drawn in this view map into the target` : "";
    redraw();
  };
  const counted = element("p", { class: "note", "aria-live": "polite" });
  counted.style.margin = "4px 0 0";
  const sampling = toggle("samples", false, (on) => {
    wantsSamples = on;
    drawSamples();
  });

  // ---- panel ----

  const finding = search({
    count: tiles.count,
    pattern: tiles.pattern,
    found: (numbers) => {
      found = numbers;
      redraw();
    },
    go: (tile) => {
      camera.fit(boxOf([tile]));
      point(tile);
    },
  });
  if (tiles.count && tiles.pattern(0)) shell.section("Search").append(...finding.elements);
  shell.panel.append(pins);
  if (entries.length) {
    const all = (on: boolean) => element("button", { class: "plain", type: "button", click: () => entryList.all(on) }, on ? "all" : "none");
    shell.section(features ? "Features" : "Zones", ...(entries.length > 1 ? [all(true), all(false)] : [])).append(entryList.list);
  }
  const view = shell.section("View");
  if (colouring === "patterns") entryList.recolour(() => "transparent");
  const colourings: Colouring[] = features ? ["features", "count", "patterns"] : zones.length ? ["zones", "patterns"] : ["patterns"];
  if (colourings.length > 1) {
    const chosen = choice("Colour by", colourings, colouring, (value) => {
      colouring = value;
      entryList.recolour((number) => (colouring === "zones" || colouring === "features" ? entries[number]!.colour : "transparent"));
      refresh();
      showPins();
    });
    view.append(element("div", { class: "row" }, element("span", { class: "note" }, "colour by"), chosen));
  }
  const sidesToggle = toggle("tile edges", true, (on) => {
    showsSides = on;
    refresh();
  });
  const hasSamples = !document_.isRegions && !features && tiles.hasNetwork && tiles.partCount > 0;
  view.append(element("div", { class: "row" }, sidesToggle, hasSamples && sampling));
  view.append(counted);
  const layers = foldsOf.flatMap((own, layer) => (own.length && !features ? [layer] : []));
  const chips = layers.map((layer) => {
    const swatch = element("span", { class: "dash" });
    const button = chip(`layer ${layer}`, false, (on) => {
      if (on) folds.add(layer);
      else folds.delete(layer);
      refresh();
    }, `Fold lines of layer ${layer}: ${foldsOf[layer]!.length} edges`);
    button.prepend(swatch);
    return { layer, button, swatch };
  });
  if (chips.length) {
    view.append(element("div", { class: "row", role: "group", "aria-label": "Fold lines" }, element("span", { class: "note" }, "fold lines of"), element("div", { class: "chips" }, ...chips.map(({ button }) => button))));
  }
  const paintChips = (): void => chips.forEach(({ layer, swatch }) => (swatch.style.background = foldColour(layer, shell.theme())));
  paintChips();

  // ---- pointer and keys ----

  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) return;
    const [x, y] = camera.toPlane(event.offsetX, event.offsetY);
    const tile = locate(x, y, 5 / camera.scale());
    point(tile < 0 ? null : tile, event.pointerType === "touch" ? "elsewhere" : [event.offsetX, event.offsetY]);
  });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("click", (event) => {
    const [x, y] = camera.toPlane(event.offsetX, event.offsetY);
    const tile = locate(x, y, 5 / camera.scale());
    if (tile >= 0) pin(tile);
  });
  const step = (by: number): void => {
    const shown = Array.from({ length: tiles.count }, (_, tile) => tile).filter(isShown);
    if (!shown.length) return;
    const at = pointed === null ? (by > 0 ? -1 : 0) : shown.indexOf(pointed);
    const tile = shown[(at + by + shown.length) % shown.length]!;
    const [x, y] = camera.toScreen(...polygons.middle(tile));
    if (x < 0 || y < 0 || x > camera.width() || y > camera.height()) camera.panBy(camera.width() / 2 - x, camera.height() / 2 - y);
    point(tile);
    shell.announce(`${titleOf(tile)}${features ? "" : `, zone ${ofZone[tile]!}`}, pattern ${tiles.pattern(tile)}`);
  };
  shell.tool("fit", "Whole picture", ["0"], () => camera.fit());
  shell.tool("minus", "Zoom out", ["-"], () => camera.zoomBy(1 / 1.6));
  shell.tool("plus", "Zoom in", ["+", "="], () => camera.zoomBy(1.6));
  const far = 60;
  shell.listen(
    { keys: ["ArrowLeft"], shown: "← → ↑ ↓", says: "Move", run: () => camera.panBy(far, 0) },
    { keys: ["n"], shown: "n", says: "Next tile", run: () => step(1) },
    { keys: ["p"], shown: "p", says: "Previous tile", run: () => step(-1) },
    { keys: ["Enter"], says: "Pin the tile, or take it off", run: () => pointed !== null && pin(pointed) },
    { keys: ["x"], says: "All digits of pinned tiles", run: () => exactly.click() },
    { keys: ["/"], says: "Search for a pattern", run: () => finding.focus() },
    { keys: ["e"], says: "Tile edges", run: () => sidesToggle.box.click() },
    {
      keys: ["f"],
      says: "Fold lines, layer by layer",
      run: () => {
        const next = chips.find(({ layer }) => !folds.has(layer));
        if (next) next.button.click();
        else chips.forEach(({ button }) => button.click());
      },
    },
    ...(hasSamples ? [{ keys: ["s"], says: "Samples", run: () => sampling.box.click() }] : []),
    {
      keys: ["Escape"],
      says: "Close what is pinned",
      run: () => {
        point(null);
        unpin();
        finding.clear();
      },
    },
  );
  shell.listenQuietly(
    { keys: ["ArrowRight"], says: "", run: () => camera.panBy(-far, 0) },
    { keys: ["ArrowUp"], says: "", run: () => camera.panBy(0, far) },
    { keys: ["ArrowDown"], says: "", run: () => camera.panBy(0, -far) },
  );
  shell.onTheme(() => {
    paintChips();
    refresh();
    showPins();
  });
  if (!tiles.count) shell.stage.append(element("p", { class: "empty" }, "There are no tiles: no input of the domain has such an output."));
  build();
  redraw();
  Object.assign(globalThis, { polyrelu: { tiles, polygons, camera, locate, describe, scene: () => scene, folds: foldsOf } });
}

function gather<Value>(by: Map<string, Value[]>, key: string, value: Value): void {
  const own = by.get(key);
  if (own) own.push(value);
  else by.set(key, [value]);
}

/** Numbers between 0 and 1 that are the same each time: a linear congruence of 32 bits, its upper ones. */
function seeded(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

void open();
