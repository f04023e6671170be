// The table of an explorer's features: what is shown, islands and areas, and thresholds to drag.
import type { Feature } from "./explorer_scene";
import { decimal, shortNumber } from "./map";
import { element } from "./shell";

export interface TableHost {
  isLive: boolean;
  features(): readonly Feature[];
  /** Whether a feature is a ReLU's output, which is never negative. */
  isRelu(feature: Feature): boolean;
  /** A threshold that Python has not heard of yet. */
  waiting(i: number): string | undefined;
  shown(name: string, on: boolean): void;
  hovered(i: number | null): void;
  chosen(i: number): void;
  threshold(i: number, text: string): void;
}

export class FeatureTable {
  readonly body = element("tbody");

  constructor(private readonly host: TableHost) {}

  draw(chosen: number | null): void {
    const features = this.host.features();
    if (this.body.children.length !== features.length) this.body.replaceChildren(...features.map((feature, i) => this.row(feature, i)));
    features.forEach((feature, i) => {
      const row = this.body.children[i]!;
      const [tick, name, islands, area, threshold] = Array.from(row.children) as HTMLElement[];
      row.classList.toggle("marked", chosen === i);
      (tick!.querySelector(".swatch") as HTMLElement).style.background = feature.colour;
      name!.firstElementChild!.textContent = feature.name;
      islands!.textContent = String(feature.islands);
      area!.textContent = feature.area;
      area!.title = `${(100 * feature.share).toPrecision(3)} % of the window`;
      const waits = this.host.waiting(i);
      const level = waits === undefined ? feature.threshold : Number(waits);
      const [slider, shown] = [threshold!.querySelector("input"), threshold!.querySelector("span")!];
      if (slider && slider !== (row.getRootNode() as ShadowRoot).activeElement) slider.value = String(level);
      shown.textContent = shortNumber(level);
    });
  }

  private row(feature: Feature, i: number): HTMLElement {
    const { host } = this;
    const { name } = feature;
    const box = element("input", { type: "checkbox", checked: true, "aria-label": `Show ${name}`, change: () => host.shown(name, box.checked) });
    const button = element("button", { class: "name", type: "button", title: "Lay stress on it", click: () => host.chosen(i) });
    return element(
      "tr",
      { mouseenter: () => host.hovered(i), mouseleave: () => host.hovered(null) },
      element("td", { class: "tick" }, box, element("span", { class: "swatch" })),
      element("td", {}, button),
      element("td", { class: "count" }),
      element("td", { class: "count" }),
      element("td", { class: "threshold" }, host.isLive && this.slider(feature, i), element("span")),
    );
  }

  private slider(feature: Feature, i: number): HTMLElement {
    const reach = 3 * Math.max(1, Math.abs(feature.threshold));
    const input = element("input", {
      type: "range",
      min: this.host.isRelu(feature) ? 0 : -reach,
      max: reach,
      step: reach / 150,
      "aria-label": `Threshold of ${feature.name}`,
      input: () => this.host.threshold(i, decimal(Number(input.value), reach / 300)),
    });
    return input;
  }
}
