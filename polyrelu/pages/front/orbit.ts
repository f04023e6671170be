// The eye that looks at a scene: it goes round the middle, nearer and farther, and home.
import { PerspectiveCamera, Vector3 } from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";

const VIEW_ANGLE = 24; // degrees: little enough that parallels look parallel
const NEAREST = 0.6;
const FARTHEST = 40;
const MARGIN = 62; // pixels around the box, for the names of its axes
const HOME = new Vector3(0.62, -1, 0.5); // the direction from which a page is first seen

export class Orbit {
  readonly camera = new PerspectiveCamera(VIEW_ANGLE, 1, 0.1, 100);
  private readonly controls: OrbitControls;
  /** Until the reader moves the camera. */
  private isHome = true;

  /** `corners` are those of the box that is to be seen; `moved` is called whenever the eye has moved. */
  constructor(
    private readonly stage: HTMLElement,
    canvas: HTMLCanvasElement,
    private readonly corners: () => readonly Vector3[],
    private readonly moved: () => void,
  ) {
    this.camera.up.set(0, 0, 1);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.minDistance = NEAREST;
    this.controls.maxDistance = FARTHEST;
    this.controls.addEventListener("start", () => (this.isHome = false));
    this.controls.addEventListener("change", moved);
  }

  home(): void {
    this.isHome = true;
    this.lookFrom(HOME);
  }

  /** Look at the middle from a direction, so that the box just fits. */
  lookFrom(direction: Vector3): void {
    this.controls.target.set(0, 0, 0);
    const corners = this.corners();
    const [across, up] = [this.stage.clientWidth, this.stage.clientHeight].map((size) => 1 - (2 * MARGIN) / Math.max(size, 4 * MARGIN)) as [number, number];
    const fits = (distance: number): boolean => {
      this.camera.position.copy(direction).setLength(distance);
      this.camera.lookAt(0, 0, 0);
      this.camera.updateMatrixWorld();
      return corners.every((corner) => {
        const { x, y, z } = corner.clone().project(this.camera);
        return Math.abs(x) <= across && Math.abs(y) <= up && z < 1;
      });
    };
    let [near, far] = [2, FARTHEST];
    for (let i = 0; i < 24; i++) {
      const distance = (near + far) / 2;
      if (fits(distance)) far = distance;
      else near = distance;
    }
    fits(far);
    this.controls.update();
    this.moved();
  }

  /** Look along an axis, from its positive end. */
  lookAlong(axis: number): void {
    this.isHome = false;
    this.lookFrom(new Vector3(Number(axis === 0), axis === 2 ? -1e-3 : Number(axis === 1) * -1, Number(axis === 2)));
  }

  /** Turn around the middle, by angles in radians. */
  turn(around: number, up: number): void {
    this.isHome = false;
    const { target } = this.controls;
    const out = this.camera.position.clone().sub(target);
    const length = out.length();
    const azimuth = Math.atan2(out.y, out.x) + around;
    const height = Math.max(-1.55, Math.min(1.55, Math.asin(out.z / length) + up));
    out.set(Math.cos(height) * Math.cos(azimuth), Math.cos(height) * Math.sin(azimuth), Math.sin(height));
    this.camera.position.copy(target).addScaledVector(out, length);
    this.controls.update();
    this.moved();
  }

  zoom(factor: number): void {
    this.isHome = false;
    const { target } = this.controls;
    const out = this.camera.position.clone().sub(target);
    out.setLength(Math.max(NEAREST, Math.min(FARTHEST, out.length() / factor)));
    this.camera.position.copy(target).add(out);
    this.controls.update();
    this.moved();
  }

  /** From the middle to the eye. */
  out(): Vector3 {
    return this.camera.position.clone().sub(this.controls.target);
  }

  /** The stage has another size. */
  resize(): void {
    this.camera.aspect = this.stage.clientWidth / this.stage.clientHeight;
    this.camera.updateProjectionMatrix();
    if (this.isHome) this.home();
  }
}
