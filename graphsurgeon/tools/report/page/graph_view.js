// The view of a graph: what is open, what is chosen, and the picture of it.

/** A picture that would not fit at a size that can be read is shown from its first input, at this size. */
const FIRST_SCALE = 0.8;
const SMALLEST_SCALE = 0.6;

class GraphView {
  constructor(report, layouter, onChoose) {
    this.report = report;
    this.layouter = layouter;
    this.onChoose = onChoose;
    this.options = { fold: true, control: false };
    this.chosen = null;
    this.scene = null;
    this.turn = 0;
    this.status = element("p", { id: "status", role: "status" });
    this.svg = drawn("svg", { id: "picture", role: "group", "aria-label": "Picture of the graph", tabindex: "0" });
    this.viewport = new Viewport(this.svg);
    this.svg.addEventListener("click", (event) => this._click(event));
    this.svg.addEventListener("dblclick", (event) => this._toggleAt(event));
    this.svg.addEventListener("keydown", (event) => this._key(event));
    this.svg.addEventListener("pointerover", (event) => this._hover(event));
    this.svg.addEventListener("focusin", (event) => this._focused(event));
  }

  /** Return the items of the functions that a node calls. */
  bodies = (item) =>
    item.calls.map((number) => {
      const graph = this.report.graphs[number];
      const instance = new Instance(graph, this.options.fold);
      return new Item("body", instance, item, graph.name, [instance.root]);
    });

  /** Show a graph as a first look at it. */
  open(graph) {
    if (graph.led === undefined) graph.led = ledTo(graph, this.report.data.saver?.filename_tensor);
    this.root = wholeGraph(graph, this.options.fold);
    this.top = this.root;
    openFirst(this.root, this.bodies);
  }

  get graph() {
    return this.root?.graph ?? null;
  }

  async show(graph) {
    this.open(graph);
    this.choose(null);
    await this.refresh();
  }

  /** Show only what is within an item. */
  async enter(item) {
    item.open = true;
    this.top = item;
    if (item.parent && !childrenOf(item, this.bodies).some((child) => child.open)) openFirst(item, this.bodies);
    await this.refresh();
  }

  async setOption(name, value) {
    this.options[name] = value;
    if (name === "fold") {
      const { node } = this.chosen ?? {};
      this.open(this.graph);
      if (node >= 0) this._openTo(node);
      this.choose(null);
    }
    await this.refresh();
  }

  async foldAll() {
    const close = (item) => {
      for (const child of item.children_ ?? []) close(child);
      item.open = false;
    };
    close(this.root);
    this.root.open = true;
    this.top = this.root;
    await this.refresh();
  }

  /** Lay the scene out and draw it; `anchor` is an item that stays where it is on the screen. */
  async refresh(anchor = null) {
    const turn = ++this.turn;
    const before = anchor && this._boxOf(anchor);
    const scene = new Scene(this.top, this.bodies, this.options);
    const asked = elkGraph(scene, this.report.weights);
    this.svg.setAttribute("aria-busy", "true");
    let laid;
    let trouble = "";
    try {
      laid = scene.boxes.length ? await this.layouter.layout(asked) : { width: 1, height: 1, children: [] };
    } catch (error) {
      laid = gridLayout(asked);
      trouble = ` · in rows, without a layout: ${error.message}`;
    }
    if (turn !== this.turn) return;
    const held = before && { x: before.x * this.viewport.scale + this.viewport.x, y: before.y * this.viewport.scale + this.viewport.y };
    this.scene = scene;
    this.viewport.layer.replaceChildren(drawScene(scene, laid));
    this.viewport.bounds = { x: 0, y: 0, width: Math.max(1, laid.width), height: Math.max(1, laid.height) };
    const after = anchor && this._boxOf(anchor);
    const { scale } = this.viewport;
    if (held && after) this.viewport.set(held.x - after.x * scale, held.y - after.y * scale, scale);
    else this.viewport.fit(SMALLEST_SCALE, FIRST_SCALE, firstBox(scene));
    this.status.textContent = (scene.boxes.length ? scene.said() : "Nothing is here to draw") + trouble;
    this.svg.removeAttribute("aria-busy");
    this._mark();
    this.onDrawn?.();
  }

  _boxOf(item) {
    return this.scene?.boxes.find((box) => box.item === item) ?? null;
  }

  /** Choose an item, or with a node that has no box of its own, that node. */
  choose(item, node = item?.node ?? -1) {
    this.chosen = item || node >= 0 ? { item, node, graph: item?.graph ?? this.graph } : null;
    this._mark();
    this.onChoose(this.chosen);
  }

  async toggle(item) {
    if (!item.expandable) return;
    item.open = !item.open;
    // The body of the one function that a node calls comes with it.
    const inner = item.open && item.kind === "node" ? childrenOf(item, this.bodies) : [];
    if (inner.length === 1) inner[0].open = true;
    await this.refresh(item);
    this.onFold?.(item);
  }

  /** Open whatever hides a node, and choose it. */
  async reveal(graph, node) {
    if (graph !== this.graph) this.open(graph);
    const item = this._openTo(node);
    await this.refresh();
    this.choose(item, node);
    const box = item && this._boxOf(item);
    if (box) this.viewport.centre(box);
  }

  /** Open the scope with a path; with `only`, show nothing else. */
  async revealScope(path, only = false) {
    let item = this.root;
    for (;;) {
      item.open = true;
      const inner = childrenOf(item, this.bodies).find((child) => leadsTo(child, path));
      if (!inner) break;
      item = inner;
      if (item.path === path || item.path.startsWith(`${path}/`)) break;
    }
    let found = item !== this.root && (item.path === path || item.path.startsWith(`${path}/`));
    const alone = found || !only ? null : this._scopeItem(item, path);
    if (alone) [item, found] = [alone, true];
    if (found && only) await this.enter(item);
    else await this.refresh();
    if (found) this.choose(item);
    const box = found && this._boxOf(item);
    if (box) this.viewport.centre(box);
    return found;
  }

  /** The item of a scope that has no box, for what is alone in it stands for it; null where there is none. */
  _scopeItem(outer, path) {
    let scope = this.root.instance.root;
    for (const part of path.split("/")) scope = scope?.scopes.get(part);
    if (!scope) return null;
    const item = new Item("scope", this.root.instance, outer, path, [scope]);
    item.path = path;
    return item;
  }

  _openTo(node) {
    const { instance } = this.root;
    const readers = instance.hidden[node] ? shownReader(this.graph, node, instance.hidden) : node;
    let item = this.root;
    while (item && item.node !== readers) {
      item.open = true;
      item = childrenOf(item, this.bodies).find((child) => holds(child, readers));
    }
    if (item && !within_(item, this.top)) this.top = this.root;
    return item ?? null;
  }

  _mark() {
    if (!this.scene) return;
    this.svg.querySelectorAll(".chosen, .near, .asides").forEach((each) => {
      if (each.classList.contains("asides")) each.remove();
      each.classList.remove("chosen", "near");
    });
    for (const box of this.scene.boxes) box.element?.setAttribute("tabindex", "-1");
    const box = this.chosen?.item && this._boxOf(this.chosen.item);
    this.svg.setAttribute("tabindex", box ? "-1" : "0");
    if (!box) return;
    box.element.setAttribute("tabindex", "0");
    box.element.classList.add("chosen");
    for (const edge of this.scene.edges) {
      if (edge.from === box.number || edge.to === box.number) edge.element?.classList.add("near");
    }
    this.viewport.layer.firstChild?.append(drawAside(this.scene, box));
  }

  _boxAt(target) {
    const group = target.closest?.(".box, .over");
    return group && group.boxNumber !== undefined ? this.scene.boxes[group.boxNumber] : null;
  }

  _click(event) {
    if (this.viewport.moved || !this.scene) return;
    const box = this._boxAt(event.target);
    if (box && event.target.closest(".fold")) this.toggle(box.item);
    else this.choose(box?.item ?? null);
    box?.element.focus({ preventScroll: true });
  }

  _toggleAt(event) {
    const box = this._boxAt(event.target);
    if (box && !event.target.closest(".fold")) this.toggle(box.item);
  }

  _focused(event) {
    const box = this._boxAt(event.target);
    if (!box || event.target === this.svg) return;
    if (this.chosen?.item !== box.item) this.choose(box.item);
    if (event.target.matches(":focus-visible")) this.viewport.reveal(box);
  }

  _hover(event) {
    const box = this._boxAt(event.target);
    if (box === this.hovered || !this.scene) return;
    this.hovered = box;
    for (const edge of this.scene.edges) {
      const near = box && (edge.from === box.number || edge.to === box.number);
      edge.element?.classList.toggle("hovered", Boolean(near));
    }
  }

  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.scene) return;
    const { key } = event;
    const box = this.chosen?.item ? this._boxOf(this.chosen.item) : null;
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
    if (step && event.shiftKey) this.viewport.pan(-80 * step[0], -80 * step[1]);
    else if (step) this._go(box, step);
    else if (key === "Enter" || key === " ") box?.item.expandable && this.toggle(box.item).then(() => this._focus(box.item));
    else if (key === "+" || key === "=") this.viewport.zoom(1.25);
    else if (key === "-") this.viewport.zoom(0.8);
    else if (key === "0") this.viewport.fit();
    else if (key === "Escape") this.choose(null);
    else if (key === "Backspace" && this.top.parent) this.enter(this.top.parent);
    else return;
    event.preventDefault();
  }

  _focus(item) {
    this._boxOf(item)?.element.focus({ preventScroll: true });
  }

  /** Go to the nearest box in a direction. */
  _go(from, [dx, dy]) {
    const middle = (box) => ({ x: box.x + box.width / 2, y: box.y + Math.min(20, box.height / 2) });
    const start = from ? middle(from) : { x: 0, y: -1e9 };
    let best = null;
    let least = Infinity;
    for (const box of this.scene.boxes) {
      if (box === from || box.x === undefined || !from && box.inner.length) continue;
      const place = middle(box);
      const along = (place.x - start.x) * dx + (place.y - start.y) * dy;
      const across = Math.abs((place.x - start.x) * dy) + Math.abs((place.y - start.y) * dx);
      if (from && along < 4) continue;
      const cost = along + 2.5 * across;
      if (cost < least) [best, least] = [box, cost];
    }
    if (!best) return;
    this.choose(best.item);
    this._focus(best.item);
    this.viewport.reveal(best);
  }
}

function leadsTo(item, path) {
  if (item.kind === "scope") return item.path === path || path.startsWith(`${item.path}/`) || item.path.startsWith(`${path}/`);
  return item.kind === "section" && item.members.some((each) => each instanceof Scope && (each.path === path || path.startsWith(`${each.path}/`)));
}

function holds(item, node) {
  if (item.kind === "node") return item.node === node;
  if (item.kind === "body") return false;
  const { graph } = item;
  graph.placeOf ??= inverse(item.instance.placed);
  const place = graph.placeOf[node];
  return item.members.some((each) => (each instanceof Scope ? each.start <= place && place < each.end : each === node));
}

function inverse(placed) {
  const places = new Int32Array(placed.length);
  placed.forEach((node, place) => (places[node] = place));
  return places;
}

function within_(item, top) {
  for (let at = item; at; at = at.parent) if (at === top) return true;
  return false;
}

/** Return the nearest reader of a hidden parameter that has a box. */
function shownReader(graph, node, hidden) {
  const seen = new Set([node]);
  const queue = [node];
  while (queue.length) {
    for (const { node: reader, output } of graph.consumers(queue.shift())) {
      if (output === CONTROL || seen.has(reader)) continue;
      if (!hidden[reader]) return reader;
      seen.add(reader);
      queue.push(reader);
    }
  }
  return node;
}
