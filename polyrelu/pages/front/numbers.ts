// The numbers of one neuron as sliders: its bias and its weight's row.
import { BIAS, type Layer } from "./explorer_scene";
import { shortNumber } from "./map";
import { element } from "./shell";

export interface NumbersHost {
  nameOf(layer: number, row: number): string;
  select(row: number): void;
  edit(layer: number, row: number, column: number, value: number, fine: number): void;
}

export class Numbers {
  readonly panel = element("div", { class: "numbers" });

  constructor(private readonly host: NumbersHost) {}

  draw(layer: Layer, k: number, row: number): void {
    const key = `${k} ${row} ${layer.bias.length} ${layer.inputs}`;
    if (this.panel.dataset.key !== key) {
      this.panel.dataset.key = key;
      const columns = [BIAS, ...layer.weight[0]!.keys()];
      this.panel.replaceChildren(this.rows(layer, k, row), ...columns.map((column) => this.slider(layer, k, row, column)));
    }
    for (const line of this.panel.querySelectorAll<HTMLElement>(".number")) {
      const column = Number(line.dataset.column);
      const value = column === BIAS ? layer.bias[row]! : layer.weight[row]![column]!;
      const input = line.querySelector("input")!;
      if (Math.abs(value) > Number(input.max)) [input.min, input.max] = [String(-2 * Math.abs(value)), String(2 * Math.abs(value))];
      if (!input.matches(":focus:active")) input.value = String(value);
      line.querySelector("output")!.textContent = shortNumber(value);
    }
  }

  private rows(layer: Layer, k: number, row: number): HTMLElement {
    const buttons = layer.bias.map((_, i) =>
      element("button", { class: "plain", type: "button", "aria-pressed": String(i === row), click: () => this.host.select(i) }, this.host.nameOf(k, i)),
    );
    return element("div", { class: "chips rows-of-layer", role: "group", "aria-label": "Neuron" }, ...buttons);
  }

  private slider(layer: Layer, k: number, row: number, column: number): HTMLElement {
    const largest = Math.max(1, ...layer.bias.map(Math.abs), ...layer.weight.flat().map(Math.abs));
    const reach = Number((1.5 * largest).toPrecision(2));
    const name = column === BIAS ? "bias" : `× ${k === 0 ? "x" : "h"}${column}`;
    const input = element("input", {
      type: "range",
      min: -reach,
      max: reach,
      step: "any",
      "aria-label": `${this.host.nameOf(k, row)} ${name}`,
      input: () => this.host.edit(k, row, column, Number(input.value), Number(input.max) / 250),
    });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      input.value = String(Number(input.value) + (step * Number(input.max)) / 100);
      input.dispatchEvent(new Event("input"));
    });
    return element("label", { class: "number", "data-column": column }, element("span", {}, name), input, element("output"));
  }
}
