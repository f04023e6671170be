// The tiles of a page in space, counted through its tilings, and what a card says of each.
import { cornerOf, ringOf, type Complex, type Point } from "./complex";
import { sizeText, tileLines } from "./details";
import type { Line } from "./shell";
import type { Facet, Tiles } from "./tiles";
import { volumeOf } from "./volume";

/** What bodies are: zones, features, tilings; or regions, each of which has a colour of its own. */
export type Kind = "zones" | "features" | "tilings" | "regions";

const SIZE_DIGITS = 6;

/** The tiles of all tilings of a page, counted through. */
export class SolidTiles {
  private readonly starts = [0];

  constructor(
    private readonly tilings: Tiles[],
    private readonly complex: Complex,
    private readonly kind: Kind,
    private readonly bodies: readonly { name: string; tiles: ReadonlySet<number> }[],
  ) {
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

  /** What a card says of a tile. */
  describe(tile: number, digits?: number, most = Infinity, pointed?: (facet: Facet | null) => void): Line[] {
    const { tiles, number } = this.home(tile);
    const own: Line[] = [];
    const owners = this.bodies.flatMap(({ name, tiles }) => (tiles.has(tile) ? [name] : []));
    if (this.kind === "features") own.push({ term: "active", says: owners.join(", ") || "no feature", prose: true });
    else if (this.kind === "tilings") own.push({ term: "of", says: owners.join(", "), prose: true });
    else if (this.kind === "zones") own.push({ term: "zone", says: owners.map((name) => name.replace("zone ", "")).join(", ") });
    const size = this.sizeOf(tile);
    if (size !== undefined) own.push({ term: "volume", says: sizeText(size, digits && SIZE_DIGITS) });
    const names = this.kind === "features" ? ({ coordinate }: { coordinate?: number }) => this.bodies[coordinate ?? -1]?.name ?? "" : undefined;
    const lines = tileLines(tiles, number, { digits, near: this.middle(tile), most, names, pointed });
    const at = lines[0]?.term === "pattern" ? 1 : 0;
    return [...lines.slice(0, at), ...own, ...lines.slice(at)];
  }

  /** The exact volume; null where it is infinite, undefined where it is not known, or the tile is flat. */
  private sizeOf(tile: number): ReturnType<typeof volumeOf> | undefined {
    const { tiles, number } = this.home(tile);
    const written = tiles.written(number);
    if (written) return written.dim < 3 ? undefined : written.size;
    const rows = tiles.facets(number)?.map(({ row }) => row);
    return rows && volumeOf(this.complex, tile, rows);
  }

  titleOf(tile: number): string {
    return `${this.kind === "features" ? "cell" : this.kind === "regions" ? "region" : "tile"} ${this.home(tile).number}`;
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
}
