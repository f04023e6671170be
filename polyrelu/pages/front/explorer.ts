// A page of an explorer that stands still, because no Python runs behind it.
import type { Layer, Scene } from "./explorer_scene";
import { mount } from "./explorer_view";
import { PlanarMap } from "./map";
import { type Packed, element, readDocument, unpack } from "./shell";

interface State {
  scene: Scene;
  layers: Layer[];
  columns: Record<"points" | "starts" | "corners" | "islands" | "signs", Packed>;
}

async function open(): Promise<void> {
  const { scene, layers, columns } = readDocument<State>();
  const [points, starts, corners, islands, signs] = await Promise.all(
    [columns.points, columns.starts, columns.corners, columns.islands, columns.signs].map(unpack),
  );
  const map = new PlanarMap({ points: points!, starts: starts!, corners: corners!, islands: islands!, signs: signs! }, scene.neurons, scene.features.length);
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const place = element("div");
  document.body.append(element("style", {}, "body{margin:0}@media(prefers-color-scheme:dark){body{background:#15181d}}"), place);
  mount(place.attachShadow({ mode: "open" }), {
    scene: () => scene,
    layers: () => layers,
    map: () => map,
    send: null,
    onAnswer: () => undefined,
    dark: () => prefers.matches,
    onTheme: (run) => prefers.addEventListener("change", run),
  });
}

void open();
