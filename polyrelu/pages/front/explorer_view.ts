// The explorer: zones of a network whose numbers are dragged. What is drawn comes from Python; what is dragged goes there,
// two edits at a time: the next one is sent when one has been answered, and has whatever was dragged meanwhile.
import { Edits } from "./edits";
import { BIAS, type Host, type Layer, type Pin, type Scene, type Window } from "./explorer_scene";
import { FeatureTable, type TableHost } from "./feature_table";
import { listen, zoomed } from "./gestures";
import { Inset } from "./inset";
import { Lines, type Row } from "./lines";
import { type Inks, View, type PlanarMap, decimal, fitted, paint, paintCross, shortNumber, veil } from "./map";
import { Numbers } from "./numbers";
import { pinCard, stillCard } from "./pin_card";
import { element } from "./shell";
import style from "./widget.css";

/** Put an explorer into a root; what is returned takes it away again. */
export function mount(root: ShadowRoot, host: Host): () => void {
  const explorer = new Explorer(root, host);
  return () => explorer.close();
}

class Explorer {
  private layers: Layer[];
  private scene: Scene;
  private map: PlanarMap;
  private layer = 0;
  private row = 0;
  private hovered: number | null = null;
  private chosen: number | null = null;
  private readonly hidden = new Set<string>();
  private filled = true;
  private folds = false;
  /** The window that is seen: what was asked for, while the answer is on its way. */
  private wanted: Window | null = null;
  private pinned: Spot | null = null;
  private readonly edits: Edits;

  private readonly app = element("div", { class: "polyrelu" });
  private readonly canvas = element("canvas", { tabindex: 0, "aria-label": "Zones of the features in the window; arrow keys move it, plus and minus scale it" });
  private readonly overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  /** What is below the lines: it is painted anew when Python has answered, and they follow the pointer. */
  private readonly ground = element("canvas");
  private readonly stage = element("div", { class: "stage" }, this.canvas);
  private readonly readout = element("div", { class: "readout" });
  private readonly note = element("div", { class: "warning", role: "alert", hidden: true });
  private readonly features: FeatureTable;
  private readonly facts = element("p", { class: "facts" });
  private readonly pace = element("span", { class: "pace" });
  private readonly numbers: Numbers;
  private readonly inset = new Inset();
  private readonly pinCard = element("div", { class: "pinned", "aria-live": "polite" });
  private readonly lines: Lines;
  private readonly insetLines: Lines;
  private readonly observer: ResizeObserver;
  private view: View;

  constructor(root: ShadowRoot, private readonly host: Host) {
    this.layers = host.layers();
    this.scene = host.scene();
    this.map = host.map();
    this.view = new View([-1, -1], [1, 1], 1, 1);
    this.lines = new Lines(this.overlay, this.editing(0, () => this.view));
    this.insetLines = new Lines(this.inset.overlay, this.editing(null, () => this.inset.view()));
    this.edits = new Edits(host.send, (text) => this.warn(text));
    this.features = new FeatureTable(this.tableHost());
    this.numbers = new Numbers({
      nameOf: (layer, row) => this.nameOf(layer, row),
      select: (row) => {
        this.row = row;
        this.follow();
      },
      edit: (layer, row, column, value, fine) => {
        this.edit(layer, row, column, value, fine);
        this.follow();
        this.edits.flush();
      },
    });
    this.build();
    root.append(element("style", {}, style), this.app);
    host.onAnswer(() => this.answered());
    host.onTheme(() => {
      this.inks = null;
      this.draw();
    });
    this.observer = new ResizeObserver((sizes) => this.resized(sizes));
    this.observer.observe(this.stage);
    this.observer.observe(this.inset.panel);
    this.answered();
  }

  private tableHost(): TableHost {
    return {
      isLive: this.live,
      features: () => this.scene.features,
      isRelu: (feature) => this.layers.at(-1)!.relu[feature.row]!,
      waiting: (i) => this.edits.get(`threshold ${i}`),
      shown: (name, on) => {
        if (on) this.hidden.delete(name);
        else this.hidden.add(name);
        this.draw();
      },
      hovered: (i) => {
        this.hovered = i;
        this.draw();
      },
      chosen: (i) => {
        this.chosen = this.chosen === i ? null : i;
        this.draw();
      },
      threshold: (i, text) => {
        this.edits.set(`threshold ${i}`, text);
        this.features.draw(this.chosen);
        this.edits.flush();
      },
    };
  }

  close(): void {
    this.observer.disconnect();
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.edits.close();
  }

  private get live(): boolean {
    return this.host.send !== null;
  }

  // -- layout -------------------------------------------------------------------------------------------------------

  private build(): void {
    this.overlay.setAttribute("class", "overlay");
    if (this.live) this.stage.append(this.overlay);
    const button = (label: string, run: () => void, title?: string): HTMLButtonElement =>
      element("button", { class: "plain", type: "button", click: run, title }, label);
    const pressed = (label: string, on: boolean, run: (on: boolean) => void): HTMLButtonElement => {
      const made = button(label, () => {
        const now = made.getAttribute("aria-pressed") !== "true";
        made.setAttribute("aria-pressed", String(now));
        run(now);
        this.draw();
      });
      made.setAttribute("aria-pressed", String(on));
      return made;
    };
    const tools = element(
      "div",
      { class: "chips", role: "toolbar", "aria-label": "View" },
      pressed("fill", true, (on) => (this.filled = on)),
      pressed("folds", false, (on) => (this.folds = on)),
      this.live && button("+", () => this.look(zoomed(this.seen(), 0.8)), "Nearer (+)"),
      this.live && button("−", () => this.look(zoomed(this.seen(), 1.25)), "Farther (−)"),
      this.live && button("reset", () => this.reset(), "The network and the window of the beginning"),
    );
    const head = element("tr", {}, ...["", "feature", "islands", "area", "threshold"].map((name) => element("th", {}, name)));
    const table = element("table", { class: "features" }, element("thead", {}, head), this.features.body);
    const panel = element(
      "div",
      { class: "panel" },
      this.facts,
      this.note,
      element("div", { class: "scroll" }, table),
      this.live && element("h2", {}, "Numbers"),
      this.live && this.tabs(),
      this.live && this.inset.panel,
      this.live && this.numbers.panel,
      this.pinCard,
    );
    this.app.append(element("div", { class: "left" }, this.stage, this.readout, element("div", { class: "under" }, tools, this.pace)), panel);
    listen(this.canvas, {
      isLive: this.live,
      seen: () => this.seen(),
      view: () => this.view,
      look: (window) => this.look(window),
      pin: (at) => this.pin(at),
      hovered: (x, y) => this.point(x, y),
      left: () => (this.readout.textContent = this.hint()),
    });
  }

  private tabs(): HTMLElement {
    const buttons = this.layers.map((layer, k) =>
      element("button", { class: "plain", type: "button", "aria-pressed": String(k === 0), click: () => choose(k) }, `layer ${k}: ${layer.inputs} → ${layer.bias.length}`),
    );
    const choose = (k: number): void => {
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === k)));
      this.layer = k;
      this.row = 0;
      this.inset.fit(this.layers, this.layer, this.seen());
      this.draw();
    };
    return element("div", { class: "chips", role: "group", "aria-label": "Layer" }, ...buttons);
  }

  // -- edits --------------------------------------------------------------------------------------------------------

  private seen(): Window {
    return this.wanted ?? this.scene.window;
  }

  private look(window: Window): void {
    const fine = (window[2] - window[0]) / 1000;
    const texts = window.map((value) => decimal(value, fine));
    this.wanted = texts.map(Number) as Window;
    this.edits.set("window", texts.join(" "));
    this.draw();
    this.edits.flush();
  }

  /** New numbers of a row: what is seen has them at once, and Python when it is free. */
  private edit(layer: number, row: number, column: number, value: number, fine: number): number {
    const text = decimal(value, fine / 2);
    const own = this.layers[layer], weights = own?.weight[row];
    if (own && weights) { // else Python has another network by now, and says so
      if (column === BIAS) own.bias[row] = Number(text);
      else weights[column] = Number(text);
    }
    this.edits.set(`entry ${layer} ${row} ${column}`, text);
    return Number(text);
  }

  private pin(at: [number, number] | null): void {
    const fine = this.view.pixel;
    this.pinned = null;
    if (!this.live) {
      const cell = at ? this.map.at(...at) : -1;
      this.pinned = at && cell >= 0 ? { at, cell } : null;
    } else this.edits.pin(at && at.map((value) => decimal(value, fine)));
    this.draw();
    this.edits.flush();
  }

  private reset(): void {
    this.wanted = null;
    this.edits.reset();
    this.edits.flush();
  }

  /** Python has answered. What it says is taken when it is drawn, and edits go on then: no faster than one can see. */
  private answered(): void {
    this.isAnswered = true;
    this.request();
  }
  private isAnswered = false;

  /** Take the latest answer: what was dragged since stays as it is seen. */
  private take(): void {
    const scene = this.host.scene();
    this.edits.answer(scene.number ?? 0);
    this.warn(scene.error ?? "");
    this.scene = scene;
    this.layers = this.edits.onTopOf(this.host.layers());
    this.map = this.host.map();
    if (!this.edits.has("window")) this.wanted = null;
    this.row = Math.min(this.row, (this.layers[this.layer]?.bias.length ?? 1) - 1);
  }

  private warn(text: string): void {
    this.note.hidden = !text;
    this.note.textContent = text;
  }

  private editing(layer: number | null, view: () => View): ConstructorParameters<typeof Lines>[1] {
    const which = (): number => layer ?? this.layer;
    return {
      view,
      rows: () => this.rowsOf(which()),
      selected: () => (this.layer === which() ? this.row : -1),
      select: (row) => {
        if (this.layer !== which()) this.choose(which());
        if (this.row !== row) {
          this.row = row;
          this.follow();
        }
      },
      hovered: () => this.follow(),
      edit: (row, w, b, fine) => {
        const exactly = w?.map((value, column) => this.edit(which(), row, column, value, fine)) as [number, number] | undefined;
        const lines = layer === 0 ? this.lines : this.insetLines;
        this.edit(which(), row, BIAS, exactly ? lines.biasAtFoot(exactly) : b, exactly ? fine / 4 : fine);
        this.follow();
        this.edits.flush();
      },
    };
  }

  private choose(layer: number): void {
    (this.app.querySelectorAll<HTMLButtonElement>('[aria-label="Layer"] button')[layer])?.click();
  }

  private rowsOf(k: number): Row[] {
    const layer = this.layers[k];
    if (!layer || layer.inputs !== 2) return [];
    const last = k === this.layers.length - 1;
    return layer.weight.map((weight, i) => {
      const feature = last ? this.scene.features.find((one) => one.row === i) : undefined;
      return { w: [weight[0]!, weight[1]!], b: layer.bias[i]!, colour: feature?.lines[Number(this.host.dark())] ?? null, name: this.nameOf(k, i) };
    });
  }

  private nameOf(layer: number, row: number): string {
    return `${layer === this.layers.length - 1 ? "y" : "h"}${row}`;
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  /** What follows the pointer has changed: lines, handles and numbers; zones do when an answer comes. */
  private follow(): void {
    if (!this.edits.isSoonAnswered()) this.request();
  }
  /** Everything has changed. */
  private draw(): void {
    this.isStale = true;
    this.request();
  }
  /** Draw before the next frame is shown, once for all that has changed. */
  private request(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.isAnswered) this.take();
      this.isStale ||= this.isAnswered;
      this.isAnswered = false;
      if (this.width) this.drawNow();
      this.edits.flush();
    });
  }
  private isStale = true;
  private frame: number | undefined;
  /** Of the stage, in pixels. It is heard of: to ask would have the whole notebook laid out. */
  private width = 0;

  private resized(sizes: readonly ResizeObserverEntry[]): void {
    for (const { target, contentRect } of sizes) {
      if (target === this.stage) this.width = Math.round(contentRect.width);
      else if (contentRect.width) this.inset.width = contentRect.width;
    }
    this.draw();
  }

  private drawNow(): void {
    if (this.isStale) this.drawScene();
    this.isStale = false;
    this.drawEdited();
  }

  private drawScene(): void {
    const dark = this.host.dark();
    const { ink, paper } = this.colours();
    const [x0, y0, x1, y1] = this.seen();
    const height = Math.round(this.width * Math.min(1.6, Math.max(0.4, (y1 - y0) / (x1 - x0))));
    this.stage.style.height = `${height + 2}px`; // with its border
    this.view = new View([x0, y0], [x1, y1], this.width, height);
    this.canvas.dataset.veil = String(veil(this.scene.features.length - this.hidden.size, dark));
    paint(fitted(this.ground, this.view), this.map, {
      view: this.view,
      coats: this.scene.features.flatMap(({ name, colour, lines }, feature) =>
        this.hidden.has(name) ? [] : [{ feature, island: null, colour, line: lines[Number(dark)]! }],
      ),
      dark,
      marked: this.hovered ?? this.chosen,
      filled: this.filled,
      folds: this.folds,
      ink,
      paper,
    });
    this.app.dataset.number = String(this.scene.number ?? 0);
    this.app.dataset.milliseconds = String(this.scene.milliseconds ?? 0);
    this.drawFacts();
    this.features.draw(this.chosen);
    this.drawPin();
  }

  private drawEdited(): void {
    const inks = this.colours();
    const context = fitted(this.canvas, this.view);
    context.drawImage(this.ground, 0, 0, this.view.width, this.view.height);
    if (this.live) {
      this.lines.draw();
      this.lines.paint(context, inks.ink);
      const inset = this.inset.draw(this.layers, this.layer, this.seen(), this.scene.pin?.at, inks);
      if (inset) {
        this.insetLines.draw();
        this.insetLines.paint(inset, inks.ink);
      }
      this.numbers.draw(this.layers[this.layer]!, this.layer, this.row);
    }
    const at = this.pinnedAt();
    if (at) paintCross(context, this.view.toPixels(...at), inks.ink);
  }

  /** The colours of the theme; to ask for them takes a while, so they are kept until it changes. */
  private colours(): Inks {
    if (!this.inks) {
      this.app.dataset.theme = this.host.dark() ? "dark" : "light";
      const own = getComputedStyle(this.app);
      const [ink, paper, soft, line] = ["--ink", "--paper", "--soft", "--line"].map((name) => own.getPropertyValue(name));
      this.inks = { ink: ink!, paper: paper!, soft: soft!, line: line! };
    }
    return this.inks;
  }
  private inks: Inks | null = null;

  private drawFacts(): void {
    const widths = [this.layers[0]!.inputs, ...this.layers.map((layer) => layer.bias.length)].join("-");
    const [x0, y0, x1, y1] = this.seen().map(shortNumber);
    this.facts.textContent = `${widths} network on [${x0}, ${x1}] × [${y0}, ${y1}]: ${this.scene.cells} cells, found exactly`;
    if (!this.readout.textContent) this.readout.textContent = this.hint();
    const frames = this.edits.pace();
    const pace = frames > 2 ? `, ${frames} frames/s` : "";
    this.pace.textContent = this.live && this.scene.milliseconds !== undefined ? `${this.scene.milliseconds} ms in Python${pace}` : "";
  }

  private hint(): string {
    return this.live
      ? "Drag a line, its arrow, a slider or the window; click to look at a cell."
      : "A picture of one state. Run the notebook to drag its numbers; click to look at a cell.";
  }

  private point(px: number, py: number): void {
    const [x, y] = this.view.toPlane(px, py);
    const cell = this.map.at(x, y);
    const at = `(${shortNumber(Number(x.toFixed(3)))}, ${shortNumber(Number(y.toFixed(3)))})`;
    this.readout.textContent = cell < 0 ? at : `${at}  ${this.pattern(cell)}  ${this.on(cell)}`;
  }

  private pattern(cell: number): string {
    const inner = this.layers.slice(0, -1).map((layer) => layer.relu.filter(Boolean).length);
    return this.map.pattern(cell, [...inner, this.scene.features.length]);
  }

  private on(cell: number): string {
    const on = this.scene.features.flatMap((feature, i) => {
      const island = this.map.island(cell, i);
      return island ? [feature.islands > 1 ? `${feature.name} (island ${island - 1})` : feature.name] : [];
    });
    return on.length ? `on: ${on.join(", ")}` : "no feature is on";
  }

  private pinnedAt(): [number, number] | undefined {
    return (this.live ? undefined : this.pinned?.at) ?? this.scene.pin?.at;
  }

  private drawPin(): void {
    const shown = (!this.live && this.pinned) || this.scene.pin;
    if (shown === this.shownPin) return;
    this.shownPin = shown;
    this.pinCard.replaceChildren();
    if (!shown) return;
    if ("point" in shown) this.pinCard.append(pinCard(shown, this.scene.features, this.live ? () => this.pin(null) : undefined));
    else this.pinCard.append(stillCard(shown.at, this.pattern(shown.cell), this.on(shown.cell)));
  }
  private shownPin: Pin | Spot | null = null;
}

/** A point of a picture that stands still, and the cell where it is. */
interface Spot {
  at: [number, number];
  cell: number;
}
