// What a picture shows: the boxes of the items that are visible, and the edges between them, summed up.

/** A first picture has about so many boxes. */
const FIRST_BOXES = 64;
/** A box with more neighbours than this stands aside: its edges are drawn when it is chosen. */
const BUSY = 24;
/** A picture has no more edges than this. */
const MAX_EDGES = 3000;
/** What lies outside of a scope that is shown alone has so many boxes on either side. */
const MAX_OUTSIDE = 12;
const MAX_BOXES = 2 ** 20;

/** Open what a first look should show: scopes that hold most of their parent, then whole levels while they are few. */
function openFirst(root, bodies) {
  let level = [root];
  let boxes = childrenOf(root, bodies).length;
  while (level.length) {
    const inner = level.flatMap((item) => childrenOf(item, bodies)).filter((item) => item.kind === "scope" && item.shown && isOfModel(item));
    const chosen = inner.filter((item) => item.shown * 2 > item.parent.shown);
    const opened = fits(inner, boxes, bodies) ? inner : chosen.filter((item) => fits([item], boxes, bodies));
    for (const item of opened) item.open = true;
    boxes += added(opened, bodies);
    level = opened;
  }
}

function added(items, bodies) {
  return items.reduce((sum, item) => sum + childrenOf(item, bodies).length - 1, 0);
}

function fits(items, boxes, bodies) {
  return boxes + added(items, bodies) <= FIRST_BOXES;
}

class Scene {
  /** The picture of what is within an item; options: {control}. */
  constructor(root, bodies, options) {
    this.root = root;
    this.bodies = bodies;
    this.options = options;
    this.boxes = [];
    this.instances = new Set();
    this.folded = 0;
    this.hidden = 0;
    this.controls = 0;
    this.outside = new Map();
    this.edges = [];
    this.aside = [];
    this.leftOut = 0;
    root.instance.box = new Int32Array(root.graph.size).fill(-1);
    this.instances.add(root.instance);
    this.hidden += this._hiddenIn(root);
    this.tops = childrenOf(root, bodies).map((item) => this._place(item, null));
    this._connect();
    this._setAside();
  }

  _place(item, outer) {
    const box = { item, outer, number: this.boxes.length, inner: [], changes: null, readers: 0, aside: false };
    this.boxes.push(box);
    const open = item.open && item.expandable;
    if (item.kind === "node") item.instance.box[item.node] = box.number;
    else if (!open) this._fold(item, box);
    if (!open) return box;
    if (item.kind === "body" && !this.instances.has(item.instance)) {
      item.instance.box = new Int32Array(item.graph.size).fill(-1);
      this.instances.add(item.instance);
      this.hidden += this._hiddenIn(item);
    }
    box.inner = childrenOf(item, this.bodies).map((child) => this._place(child, box));
    return box;
  }

  _hiddenIn(item) {
    return item.nodes().length - item.shown;
  }

  _fold(item, box) {
    if (item.kind === "body") return;
    const { graph, instance } = item;
    const changes = {};
    for (const node of item.nodes()) {
      const change = graph.change(node);
      if (change) changes[change] = (changes[change] ?? 0) + 1;
      if (graph.plan(node)) box.planned = (box.planned ?? 0) + 1;
      if (graph.role(node) !== null) box.weights = (box.weights ?? 0) + 1;
      if (!instance.hidden[node]) instance.box[node] = box.number;
    }
    box.changes = changes;
    this.folded += item.shown;
  }

  _connect() {
    const found = new Map();
    const alone = this.root.path !== "" || this.root.kind === "section";
    for (const instance of this.instances) {
      const { graph } = instance;
      for (let reader = 0; reader < graph.size; reader++) {
        const to = instance.box[reader];
        if (to < 0 && (!alone || instance !== this.root.instance || instance.hidden[reader])) continue;
        for (let edge = graph.inputStart[reader]; edge < graph.inputStart[reader + 1]; edge++) {
          this._edge(found, instance, graph.inputNode[edge], reader, graph.inputOutput[edge], null);
        }
      }
      for (const [from, to, output, change] of graph.columns.edges ?? []) {
        if (instance.box[to] >= 0) this._edge(found, instance, from, to, output, change);
      }
    }
    this.edges = [...found.values()];
    if (this.edges.length <= MAX_EDGES) return;
    this.leftOut = this.edges.length - MAX_EDGES;
    this.edges.length = MAX_EDGES;
  }

  _edge(found, instance, producer, reader, output, change) {
    if (producer < 0) return;
    let from = instance.box[producer] ?? -1;
    let to = instance.box[reader];
    if (from === to || (from < 0 && instance.hidden[producer])) return;
    if (output === CONTROL && !this.options.control && !change) {
      this.controls++;
      return;
    }
    if (from < 0) from = this._outsideBox(instance, producer, "before");
    if (to < 0) to = this._outsideBox(instance, reader, "after");
    const key = from * MAX_BOXES + to;
    let edge = found.get(key);
    if (!edge) {
      edge = { from, to, tensors: new Set(), control: 0, changes: {}, graph: instance.graph, producer, output };
      found.set(key, edge);
    }
    if (output === CONTROL) edge.control++;
    else edge.tensors.add(`${producer}:${output}`);
    if (change) edge.changes[change] = (edge.changes[change] ?? 0) + 1;
  }

  /** The box for a node outside of what is shown alone: one for each scope beside it, and one for all others. */
  _outsideBox(instance, node, side) {
    const own = this.root.path.split("/");
    const parts = instance.graph.names[node].split("/");
    let common = 0;
    while (common < parts.length - 1 && parts[common] === own[common]) common++;
    let label = parts.slice(0, common + 1).join("/");
    if (!this.outside.has(`${side} ${label}`) && this.outside.size >= 2 * MAX_OUTSIDE) label = "elsewhere";
    const key = `${side} ${label}`;
    let box = this.outside.get(key);
    if (!box) {
      const item = new Item("outside", instance, null, label, []);
      box = { item, outer: null, number: this.boxes.length, inner: [], changes: null, readers: 0, aside: false };
      this.boxes.push(box);
      // The layout breaks cycles by the order of boxes.
      if (side === "before") this.tops.unshift(box);
      else this.tops.push(box);
      this.outside.set(key, box);
    }
    if (box.item.members[box.item.members.length - 1] !== node) box.item.members.push(node);
    return box.number;
  }

  /** Boxes that are joined to very many are taken out of the layout. */
  _setAside() {
    const neighbours = new Int32Array(this.boxes.length);
    for (const { from, to } of this.edges) {
      neighbours[from]++;
      neighbours[to]++;
    }
    if (this.boxes.length <= BUSY) return;
    for (const box of this.boxes) {
      box.aside = neighbours[box.number] > BUSY && !box.inner.length;
      box.readers = neighbours[box.number];
    }
    const apart = (edge) => this.boxes[edge.from].aside || this.boxes[edge.to].aside;
    this.aside = this.edges.filter(apart);
    this.edges = this.edges.filter((edge) => !apart(edge));
  }

  /** The box that stands for a node of an instance, or null. */
  boxOf(instance, node) {
    const number = instance.box?.[node] ?? -1;
    return number < 0 ? null : this.boxes[number];
  }

  /** What the picture leaves out, in words. */
  said() {
    const told = [`${counted(this.boxes.filter((box) => !box.inner.length && box.item.kind !== "outside").length, "box", "boxes")} shown`];
    const busy = this.boxes.filter((box) => box.aside).length;
    if (this.folded) told.push(`${counted(this.folded, "node")} ${this.folded === 1 ? "is" : "are"} folded`);
    if (this.hidden) told.push(`${counted(this.hidden, "constant or variable", "constants and variables")} in their readers`);
    if (this.controls) told.push(`${counted(this.controls, "control edge")} not drawn`);
    if (busy) told.push(`edges of ${counted(busy, "busy box", "busy boxes")} drawn when chosen`);
    if (this.leftOut) told.push(`${counted(this.leftOut, "edge")} beyond ${counted(MAX_EDGES)} not drawn`);
    return told.join(" · ");
  }
}
