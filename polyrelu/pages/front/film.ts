// A film: zones of features at checkpoints of a network, one after the other, and the lives of their islands.
import style from "./film.css";
import { type Coat, PlanarMap, View, paint, shortNumber } from "./map";
import { type Packed, type Shell, choice, element, legend, openShell, readDocument, toggle, unpack } from "./shell";

interface Island {
  track: number;
  area: string;
  /** A point inside, for its name. */
  at: [number, number];
}
interface Frame {
  name: string;
  columns: Record<"points" | "starts" | "corners" | "islands" | "signs", Packed>;
  areas: string[];
  /** By feature. */
  islands: Island[][];
}
interface Happening {
  checkpoint: number;
  feature: number;
  before: number[];
  after: number[];
  says: string;
}
interface Shade {
  name: string;
  colour: string;
  /** The colours of rims, in the light and in the dark. */
  lines: [string, string];
}
interface Film {
  title: string;
  facts: string[];
  window: [number, number, number, number];
  features: Shade[];
  /** The colours of tracks, in turn. */
  colours: Shade[];
  frames: Frame[];
  events: Happening[];
}

const SVG = "http://www.w3.org/2000/svg";
const PACE = 500; // milliseconds for each checkpoint
const MOST_NAMES = 14;
const ROW = 13;

class Player {
  private readonly maps: (PlanarMap | undefined)[];
  private now = 0;
  private marked: number | null = null;
  private colouring: "feature" | "island" = "feature";
  private folds = false;
  private names = true;
  private playing: ReturnType<typeof setInterval> | undefined;

  private readonly canvas = element("canvas", { role: "img" });
  private readonly screen = element("div", { class: "screen" }, this.canvas);
  private readonly slider: HTMLInputElement;
  private readonly when = element("span", { class: "when" });
  private readonly play = element("button", { class: "tool", type: "button", "aria-label": "Play", click: () => this.toggle() }, "▶");
  private readonly times = document.createElementNS(SVG, "svg");
  private readonly legend: ReturnType<typeof legend>;
  private readonly happenings: HTMLElement[];

  constructor(
    private readonly shell: Shell,
    private readonly film: Film,
  ) {
    this.maps = film.frames.map(() => undefined);
    this.slider = element("input", {
      type: "range",
      min: 0,
      max: film.frames.length - 1,
      step: 1,
      value: 0,
      "aria-label": "Checkpoint",
      input: () => void this.show(Number(this.slider.value)),
    });
    const entries = film.features.map(({ name, colour }) => ({ name, colour, note: " " }));
    this.legend = legend(entries, {
      ticked: () => this.draw(),
      chosen: (feature) => {
        this.marked = this.marked === feature ? null : feature;
        this.legend.mark(this.marked);
        this.draw();
      },
    });
    this.happenings = film.events.map((event) =>
      element("li", {}, element("button", { type: "button", click: () => void this.show(event.checkpoint) }, event.says)),
    );
    this.build();
    new ResizeObserver(() => this.draw()).observe(this.screen);
    shell.onTheme(() => this.draw());
    void this.show(0);
  }

  private build(): void {
    document.head.append(element("style", {}, style));
    const { shell } = this;
    shell.stage.prepend(this.screen, element("div", { class: "player" }, this.play, this.slider, this.when));
    const view = shell.section("Zones");
    view.append(
      element(
        "div",
        { class: "row" },
        choice("Colour by", ["feature", "island"], "feature", (by) => {
          this.colouring = by;
          this.draw();
        }),
        toggle("names", true, (on) => {
          this.names = on;
          this.draw();
        }),
        toggle("folds", false, (on) => {
          this.folds = on;
          this.draw();
        }),
      ),
      this.legend.list,
    );
    this.times.setAttribute("class", "times");
    this.times.setAttribute("role", "img");
    this.times.setAttribute("aria-label", "The lives of islands, from checkpoint to checkpoint");
    const lives = shell.section("Islands through checkpoints");
    lives.append(this.times);
    this.times.addEventListener("pointerdown", (event) => this.seek(event));
    this.times.addEventListener("pointermove", (event) => event.buttons && this.seek(event));
    const events = shell.section(`Events (${this.film.events.length})`);
    events.append(
      this.happenings.length ? element("ul", { class: "events" }, ...this.happenings) : element("p", { class: "facts" }, "No island is born, dies, splits or merges."),
    );
    shell.listen(
      { keys: [" "], shown: "space", says: "Play, and stop", run: () => this.toggle() },
      { keys: ["ArrowRight"], shown: "→", says: "The next checkpoint", run: () => void this.show(this.now + 1) },
      { keys: ["ArrowLeft"], shown: "←", says: "The one before", run: () => void this.show(this.now - 1) },
      { keys: ["Home"], says: "The first", run: () => void this.show(0) },
      { keys: ["End"], says: "The last", run: () => void this.show(this.film.frames.length - 1) },
    );
  }

  private toggle(): void {
    const stop = this.playing !== undefined;
    clearInterval(this.playing);
    this.playing = undefined;
    if (!stop) {
      if (this.now === this.film.frames.length - 1) void this.show(0);
      this.playing = setInterval(() => {
        if (this.now + 1 < this.film.frames.length) void this.show(this.now + 1);
        else this.toggle();
      }, PACE);
    }
    this.play.textContent = stop ? "▶" : "❚❚";
    this.play.setAttribute("aria-label", stop ? "Play" : "Stop");
  }

  /** Show a checkpoint, unpacked when it is first seen. */
  async show(number: number): Promise<void> {
    this.now = Math.max(0, Math.min(number, this.film.frames.length - 1));
    const wanted = this.now;
    await this.map(wanted);
    if (wanted !== this.now) return;
    this.slider.value = String(this.now);
    const frame = this.film.frames[this.now]!;
    this.slider.setAttribute("aria-valuetext", frame.name);
    this.when.textContent = frame.name;
    this.when.title = `checkpoint ${this.now} of ${this.film.frames.length}`;
    this.film.events.forEach((event, i) => this.happenings[i]!.classList.toggle("current", event.checkpoint === this.now));
    this.draw();
  }

  private async map(number: number): Promise<PlanarMap> {
    const known = this.maps[number];
    if (known) return known;
    const { columns } = this.film.frames[number]!;
    const [points, starts, corners, islands, signs] = await Promise.all(
      [columns.points, columns.starts, columns.corners, columns.islands, columns.signs].map(unpack),
    );
    const features = this.film.features.length;
    return (this.maps[number] = new PlanarMap({ points: points!, starts: starts!, corners: corners!, islands: islands!, signs: signs! }, features, features));
  }

  private shadeOf(feature: number, track: number): Shade {
    const { colours, features } = this.film;
    return this.colouring === "feature" ? features[feature]! : colours[(track + feature) % colours.length]!;
  }
  private coat(feature: number, island: number | null, track: number): Coat {
    const { colour, lines } = this.shadeOf(feature, track);
    return { feature, island, colour, line: lines[Number(this.dark)]! };
  }
  private get dark(): boolean {
    return this.shell.theme() === "dark";
  }

  private draw(): void {
    const map = this.maps[this.now];
    const { clientWidth, clientHeight } = this.screen;
    if (!map || !clientWidth) return;
    const [x0, y0, x1, y1] = this.film.window;
    const scale = Math.min((clientWidth - 24) / (x1 - x0), (clientHeight - 24) / (y1 - y0));
    const [width, height] = [(x1 - x0) * scale, (y1 - y0) * scale];
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px`, left: `${(clientWidth - width) / 2}px`, top: `${(clientHeight - height) / 2}px` });
    const context = this.canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    const view = new View([x0, y0], [x1, y1], width, height);
    const style = getComputedStyle(document.documentElement);
    const [ink, paper] = [style.getPropertyValue("--ink"), style.getPropertyValue("--paper")];
    paint(context, map, { view, coats: this.coats(), marked: this.marked, dark: this.dark, filled: true, folds: this.folds, ink, paper });
    context.strokeStyle = style.getPropertyValue("--line");
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, width - 1, height - 1);
    if (this.names) this.write(context, view, ink, paper);
    this.describe();
    this.drawTimes();
  }

  private shown(): number[] {
    return this.film.features.map((_, feature) => feature).filter((feature) => this.legend.shown(feature));
  }

  private coats(): Coat[] {
    const { islands } = this.film.frames[this.now]!;
    return this.shown().flatMap((feature): Coat[] =>
      this.colouring === "feature"
        ? [this.coat(feature, null, 0)]
        : islands[feature]!.map(({ track }, i) => this.coat(feature, i + 1, track)),
    );
  }

  /** The names of islands, where they are few enough to be read. */
  private write(context: CanvasRenderingContext2D, view: View, ink: string, paper: string): void {
    const named = this.shown().filter((feature) => this.marked === null || feature === this.marked);
    const islands = named.flatMap((feature) => this.film.frames[this.now]!.islands[feature]!.map((island) => ({ feature, ...island })));
    if (islands.length > MOST_NAMES) return;
    context.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 3.5;
    const taken: [number, number][] = [];
    for (const { feature, track, at } of islands) {
      let [x, y] = view.toPixels(...at);
      while (taken.some(([a, b]) => Math.abs(a - x) < 44 && Math.abs(b - y) < 15)) y += 15;
      taken.push([x, y]);
      context.strokeStyle = paper;
      context.fillStyle = ink;
      const text = `${this.film.features[feature]!.name}·${track}`;
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    }
  }

  private describe(): void {
    const frame = this.film.frames[this.now]!;
    this.legend.list.querySelectorAll(".note").forEach((note, feature) => {
      const count = frame.islands[feature]?.length ?? 0;
      note.textContent = count ? `${count} island${count > 1 ? "s" : ""}, area ${frame.areas[feature]}` : "nowhere on";
    });
    const seen = this.shown().filter((feature) => frame.islands[feature]!.length);
    this.canvas.setAttribute("aria-label", `Zones at ${frame.name}: ${seen.map((feature) => this.film.features[feature]!.name).join(", ") || "none"}`);
    this.canvas.dataset.checkpoint = String(this.now);
  }

  // -- lives --------------------------------------------------------------------------------------------------------

  private readonly left = 44;

  private across(frame: number, width: number): number {
    return this.left + 8 + (frame / Math.max(1, this.film.frames.length - 1)) * (width - this.left - 18);
  }

  private seek(event: PointerEvent): void {
    const box = this.times.getBoundingClientRect();
    const part = (event.clientX - box.left - this.left - 8) / (box.width - this.left - 18);
    void this.show(Math.round(part * (this.film.frames.length - 1)));
  }

  /** A bar for each island from its first checkpoint to its last, and links where islands split and merge. */
  private drawTimes(): void {
    const width = this.times.clientWidth || 300;
    const marks: SVGElement[] = [];
    const shape = (tag: string, attributes: Record<string, string | number>, text?: string): void => {
      const made = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
      if (text !== undefined) made.textContent = text;
      marks.push(made);
    };
    const rows = new Map<string, number>();
    let y = 4;
    for (const feature of this.shown()) {
      const lives = this.lives(feature);
      if (lives.size) shape("text", { x: 0, y: y + 10 }, this.film.features[feature]!.name);
      for (const [track, [first, last]] of lives) {
        const middle = y + ROW / 2;
        rows.set(`${feature} ${track}`, middle);
        shape("line", { class: "life", x1: this.across(first, width), x2: this.across(last, width) + 0.01, y1: middle, y2: middle, stroke: this.shadeOf(feature, track).colour });
        y += ROW;
      }
      if (lives.size) y += 4;
    }
    for (const { checkpoint, feature, before, after } of this.film.events) {
      for (const old of before) {
        for (const heir of after) {
          const [from, to] = [rows.get(`${feature} ${old}`), rows.get(`${feature} ${heir}`)];
          if (old === heir || from === undefined || to === undefined) continue;
          const [x0, x1] = [this.across(checkpoint - 1, width), this.across(checkpoint, width)];
          shape("path", { class: "link", d: `M${x0} ${from}C${(x0 + x1) / 2} ${from} ${(x0 + x1) / 2} ${to} ${x1} ${to}`, stroke: this.shadeOf(feature, heir).colour });
        }
      }
    }
    const now = this.across(this.now, width);
    shape("line", { class: "now", x1: now, x2: now, y1: 0, y2: y });
    this.times.setAttribute("height", String(y + 4));
    this.times.replaceChildren(...marks);
  }

  /** The first and the last checkpoint of each track of a feature; a track has no gaps. */
  private lives(feature: number): Map<number, [number, number]> {
    const lives = new Map<number, [number, number]>();
    this.film.frames.forEach((frame, number) => {
      for (const { track } of frame.islands[feature]!) lives.set(track, [lives.get(track)?.[0] ?? number, number]);
    });
    return lives;
  }
}

const film = readDocument<Film>();
const [x0, y0, x1, y1] = film.window.map(shortNumber);
const shell = openShell({ title: film.title, facts: [...film.facts, `window [${x0}, ${x1}] × [${y0}, ${y1}]`] });
new Player(shell, film);
