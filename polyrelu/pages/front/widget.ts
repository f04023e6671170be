// The explorer as a widget of notebooks: scenes are traits of its model, and edits are messages to Python.
import type { RenderProps } from "@anywidget/types";
import type { Edit, Layer, Scene } from "./explorer_scene";
import { mount } from "./explorer_view";
import { PlanarMap, columnsIn } from "./map";

interface Model {
  _scene: Scene;
  _layers: Layer[];
  _geometry: DataView;
}

/** Whether the notebook around is dark: JupyterLab and VS Code say so on their body, others by what readers prefer. */
function isDark(): boolean {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false";
  if (vscodeThemeKind !== undefined) return vscodeThemeKind.includes("dark");
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function render({ model, el }: RenderProps<{ [K in keyof Model]: Model[K] }>): () => void {
  const map = (): PlanarMap => {
    const scene = model.get("_scene");
    const features = scene.features.length;
    return new PlanarMap(columnsIn(model.get("_geometry"), scene, features), scene.neurons, features);
  };
  const stop = new AbortController();
  const body = new MutationObserver(() => themed());
  let themed = (): void => undefined;
  let answered = (): void => undefined;
  const close = mount(el.attachShadow({ mode: "open" }), {
    scene: () => model.get("_scene"),
    layers: () => model.get("_layers"),
    map,
    send: (edit: Edit) => model.send(edit),
    onAnswer: (run) => {
      answered = run;
      model.on("change:_scene", answered);
    },
    dark: isDark,
    onTheme: (run) => {
      themed = run;
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", run, { signal: stop.signal });
      body.observe(document.body, { attributes: true });
    },
  });
  return () => {
    model.off("change:_scene", answered);
    body.disconnect();
    stop.abort();
    close();
  };
}

export default { render };
