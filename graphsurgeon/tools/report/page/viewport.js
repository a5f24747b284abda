// Panning and zooming of a picture, by pointer, wheel, touch and keys.

const LEAST_SCALE = 0.02;
const MOST_SCALE = 4;
/** Below this, small texts are left out. */
const READABLE = 0.45;

class Viewport {
  constructor(svg, onChange = () => {}) {
    this.svg = svg;
    this.layer = drawn("g");
    svg.append(this.layer);
    this.onChange = onChange;
    this.bounds = { x: 0, y: 0, width: 1, height: 1 };
    this.set(0, 0, 1);
    this.pointers = new Map();
    this.moved = false;
    svg.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    svg.addEventListener("pointerdown", (event) => this._down(event));
    svg.addEventListener("pointermove", (event) => this._move(event));
    for (const kind of ["pointerup", "pointercancel"]) svg.addEventListener(kind, (event) => this._up(event));
  }

  set(x, y, scale) {
    this.x = x;
    this.y = y;
    this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));
    this.layer.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.scale})`);
    this.svg.classList.toggle("far", this.scale < READABLE);
    this.onChange();
  }

  get size() {
    return { width: this.svg.clientWidth || 800, height: this.svg.clientHeight || 600 };
  }

  /** Show everything; where that would be smaller than `least`, show the first box and what is below it, at `otherwise`. */
  fit(least = 0, otherwise = 0, first = null) {
    const { width, height } = this.size;
    const { x, y, width: w, height: h } = this.bounds;
    const whole = Math.min(1.25, (width - 48) / w, (height - 48) / h);
    const scale = whole < least ? otherwise : whole;
    const from = first ?? { x, y, width: w };
    const middle = whole < least ? from.x + from.width / 2 : x + w / 2;
    const top = h * scale > height - 48 ? 24 - from.y * scale : (height - h * scale) / 2 - y * scale;
    this.set(width / 2 - middle * scale, top, scale);
  }

  zoom(factor, at = null) {
    const { width, height } = this.size;
    const px = at?.x ?? width / 2;
    const py = at?.y ?? height / 2;
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, this.scale * factor));
    const ratio = scale / this.scale;
    this.set(px - (px - this.x) * ratio, py - (py - this.y) * ratio, scale);
  }

  pan(dx, dy) {
    this.set(this.x + dx, this.y + dy, this.scale);
  }

  /** Bring a box to the middle, at a size that can be read. */
  centre(box, least = 0.8) {
    const { width, height } = this.size;
    const scale = Math.max(least, this.scale);
    this.set(width / 2 - (box.x + box.width / 2) * scale, height / 2 - (box.y + Math.min(box.height, height / scale) / 2) * scale, scale);
  }

  /** Pan as little as brings a box into sight. */
  reveal(box) {
    const { width, height } = this.size;
    const left = box.x * this.scale + this.x;
    const top = box.y * this.scale + this.y;
    const dx = left < 16 ? 16 - left : Math.min(0, width - 16 - left - box.width * this.scale);
    const dy = top < 16 ? 16 - top : Math.min(0, height - 16 - top - box.height * this.scale);
    if (dx || dy) this.pan(dx, dy);
  }

  _place(event) {
    const { left, top } = this.svg.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  _wheel(event) {
    event.preventDefault();
    const step = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) this.pan(-event.deltaY * step, 0);
    else this.zoom(Math.exp(-event.deltaY * step * (event.ctrlKey ? 0.01 : 0.0018)), this._place(event));
  }

  _down(event) {
    if (event.button > 1) return;
    this.pointers.set(event.pointerId, this._place(event));
    this.moved = false;
  }

  _move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this._place(event);
    if (!this.moved && distance(before, now) < 4) return;
    if (!this.moved) this.svg.setPointerCapture(event.pointerId);
    this.moved = true;
    if (this.pointers.size === 1) this.pan(now.x - before.x, now.y - before.y);
    else this._pinch(event.pointerId, before, now);
    this.pointers.set(event.pointerId, now);
  }

  _pinch(id, before, now) {
    const [other] = [...this.pointers].filter(([each]) => each !== id).map(([, place]) => place);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.zoom(distance(now, other) / (distance(before, other) || 1), middle);
  }

  _up(event) {
    this.pointers.delete(event.pointerId);
  }
}
