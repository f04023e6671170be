// What is where in the plane: the tiles of a document with their polygons, zones and features, and what they say.
import type { Box } from "./camera";
import { originText, sizeText, tileLines } from "./details";
import { holds, rationalOf, type Rational } from "./exact";
import { readPolygons, type Polygons, type PolygonsDocument, type Side } from "./polygons";
import { unpack, type Column, type Entry, type Head, type Line, type Packed } from "./shell";
import { area, corners, readLists, readTiles, type CountedDocument, type Facet, type Origin, type Tiles, type TilesDocument } from "./tiles";

/** What polyrelu/pages/planar.py and polyrelu/pages/latent.py write. */
export interface PlanarDocument extends PolygonsDocument {
  head: Head;
  view: Box;
  domain: [number, number][] | null;
  frame: Box | null;
  tiles: TilesDocument;
  zones: { of: Packed; entries: { tiles: number; area: string | null }[]; colours: string[] };
  /** What may lie above one another, instead of zones: the tiles of each, and the layer whose neurons they are. */
  features: { entries: { name: string; area: string }[]; colours: string[]; members: CountedDocument; layer: number } | null;
  isRegions: boolean;
}

export interface Plane {
  document: PlanarDocument;
  tiles: Tiles;
  polygons: Polygons;
  /** The numbers of all tiles. */
  all: readonly number[];
  zoneOf: Column;
  /** Whether the legend has features, which may lie above each other; otherwise it has zones. */
  hasFeatures: boolean;
  entries: readonly Entry[];
  /** The tiles of an entry of the legend. */
  members(entry: number): readonly number[];
  has(entry: number, tile: number): boolean;
  /** Whether a tile is a segment or a point. */
  isFlat(tile: number): boolean;
  /** The least box around tiles, if there are any. */
  boxOf(tiles: readonly number[]): Box | undefined;
  /** Sides where a neuron of a layer switches, each once, by layer. */
  folds: readonly Side[][];
  /** The first of the shown tiles that contains a point; of segments and points those within reach. Else -1. */
  locate(x: number, y: number, reach: number, isShown: (tile: number) => boolean): number;
  titleOf(tile: number): string;
  describe(tile: number, wanted: Described): Line[];
}

export interface Described {
  /** Digits of numbers; all of them when undefined. */
  digits: number | undefined;
  /** The most inequalities to list. */
  most?: number | undefined;
  pointed?: ((facet: Facet | null) => void) | undefined;
}

const AREA_DIGITS = 6;

export async function readPlane(document: PlanarDocument): Promise<Plane> {
  const [tiles, polygons, zoneOf] = await Promise.all([readTiles(document.tiles), readPolygons(document), unpack(document.zones.of)]);
  const { features } = document;
  const all = Array.from({ length: tiles.count }, (_, tile) => tile);
  const entries = entriesOf(document);
  const isFlat = (tile: number): boolean => polygons.corners(tile).length < 3;
  const listed = features && (await readLists(features.members));
  const members = entries.map((_, entry) =>
    listed ? [...listed.numbers.subarray(listed.starts[entry]!, listed.starts[entry + 1]!)] : all.filter((tile) => zoneOf[tile] === entry),
  );
  const sets = members.map((own) => new Set(own));
  return {
    document,
    tiles,
    polygons,
    all,
    zoneOf,
    hasFeatures: features !== null,
    entries,
    members: (entry) => members[entry]!,
    has: (entry, tile) => sets[entry]!.has(tile),
    isFlat,
    folds: foldsOf(tiles, polygons),
    boxOf: (own) => around(own.map(polygons.box)),
    titleOf: (tile) => (features ? `region ${tile}` : `tile ${tile}`),
    locate(x, y, reach, isShown) {
      // Regions of a window that is not convex may have the same rows, so that their polygons have to tell them apart.
      const near = polygons.near(x, y, features ? 0 : reach).filter(isShown);
      const flat = near.find(isFlat);
      if (flat !== undefined) return flat;
      const point = [rationalOf(x), rationalOf(y)];
      const found = near.find((tile) => tiles.facets(tile)?.every(({ row }) => holds(row, point)));
      if (found !== undefined) return found;
      const unknown = polygons.near(x, y, 0).find((tile) => isShown(tile) && tiles.facets(tile) === null);
      return unknown ?? -1;
    },
    describe(tile, { digits, most, pointed }) {
      const own: Line[] = [];
      if (features) {
        const active = entries.filter((_, i) => sets[i]!.has(tile)).map((entry) => entry.name);
        own.push({ term: "active", says: active.join(", ") || "no feature", prose: true });
      } else {
        own.push({ term: "zone", says: String(zoneOf[tile]!) });
      }
      const size = sizeOf(tiles, polygons, tile);
      if (size !== undefined) own.push({ term: "area", says: sizeText(size, digits && AREA_DIGITS) });
      const names = features ? (origin: Origin) => (origin.layer === features.layer ? entries[origin.coordinate!]!.name : originText(origin)) : undefined;
      const lines = tileLines(tiles, tile, { digits, near: polygons.middle(tile), most, names, pointed });
      const at = lines[0]?.term === "pattern" ? 1 : 0;
      return [...lines.slice(0, at), ...own, ...lines.slice(at)];
    },
  };
}

function entriesOf({ zones, features }: PlanarDocument): Entry[] {
  const colour = (colours: readonly string[], i: number): string => colours[i % colours.length]!;
  if (features) return features.entries.map(({ name, area: note }, i) => ({ name, note, colour: colour(features.colours, i) }));
  return zones.entries.map((zone, i) => {
    const count = `${zone.tiles.toLocaleString("en")} ${zone.tiles === 1 ? "tile" : "tiles"}`;
    const note = zone.area === "0" ? count : `${count} · ${zone.area ?? "unbounded"}`;
    return { name: `zone ${i}`, note, colour: colour(zones.colours, i) };
  });
}

function foldsOf(tiles: Tiles, polygons: Polygons): Side[][] {
  const folds: Side[][] = Array.from({ length: tiles.layerCount }, () => []);
  polygons.sides.forEach((side, k) => {
    const other = polygons.across[k]!;
    const isSecond = other >= 0 && other < side.tile;
    const { layer } = isSecond ? {} : tiles.origin(tiles.part(side.tile), side.facet);
    if (layer !== undefined) folds[layer]!.push(side);
  });
  return folds;
}

/** The exact area of a tile; null where that is infinite, undefined where there is none or it is not known. */
function sizeOf(tiles: Tiles, polygons: Polygons, tile: number): Rational | null | undefined {
  const written = tiles.written(tile);
  if (written) return written.size ?? (written.dim < 2 ? undefined : null);
  const facets = tiles.facets(tile);
  if (facets === null) return undefined;
  const rows = new Map(facets.map(({ row, number }) => [number, row]));
  const bounding = polygons.sides.slice(polygons.starts[tile], polygons.starts[tile + 1]).map(({ facet }) => rows.get(facet));
  return bounding.every((row) => row !== undefined) ? area(corners(bounding)) : null;
}

function around(boxes: readonly Box[]): Box | undefined {
  const [first, ...others] = boxes;
  if (first === undefined) return undefined;
  const found: Box = [...first];
  for (const [left, low, right, high] of others) {
    found[0] = Math.min(found[0], left);
    found[1] = Math.min(found[1], low);
    found[2] = Math.max(found[2], right);
    found[3] = Math.max(found[3], high);
  }
  return found;
}
