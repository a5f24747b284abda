// The layered layout, by ELK in a worker of its own.

const MAX_SECONDS = 20;
const FONT_SIZE = 12;

class Layouter {
  constructor(program) {
    this.program = program;
    this.worker = null;
    this.waiting = new Map();
    this.last = 0;
  }

  start() {
    this.place ??= URL.createObjectURL(new Blob([this.program], { type: "text/javascript" }));
    this.worker = new Worker(this.place);
    this.worker.onmessage = ({ data }) => this._answer(data.id, data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this._stop(new Error(event.message || "the layout did not start"));
    };
    this._ask({ cmd: "register", algorithms: ["layered"] }).catch(() => {});
  }

  _ask(message) {
    const id = ++this.last;
    this.worker.postMessage({ ...message, id });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  _answer(id, { error, data }) {
    const asked = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) asked?.reject(new Error(error.message || "the layout failed"));
    else asked?.resolve(data);
  }

  _stop(reason) {
    this.worker?.terminate();
    this.worker = null;
    for (const asked of this.waiting.values()) asked.reject(reason);
    this.waiting.clear();
  }

  /** Return a graph of ELK with its coordinates; a layout that takes too long is given up. */
  async layout(graph) {
    if (!this.worker) this.start();
    const timer = setTimeout(() => this._stop(new Error(`no layout within ${MAX_SECONDS} s`)), MAX_SECONDS * 1000);
    try {
      return await this._ask({ cmd: "layout", graph, layoutOptions: {}, options: {} });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Return what ELK is asked for a picture of so many boxes: care where there are few, speed where there are many. */
function layoutOptions(boxes, edges) {
  const many = boxes > 150 || edges > 300;
  return {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.hierarchyHandling": "INCLUDE_CHILDREN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.json.shapeCoords": "ROOT",
    "elk.json.edgeCoords": "ROOT",
    "elk.spacing.nodeNode": "24",
    "elk.spacing.edgeNode": "14",
    "elk.spacing.edgeEdge": "9",
    "elk.layered.spacing.nodeNodeBetweenLayers": "34",
    "elk.layered.spacing.edgeNodeBetweenLayers": "14",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
    "elk.spacing.componentComponent": "36",
    "elk.layered.nodePlacement.strategy": many ? "BRANDES_KOEPF" : "NETWORK_SIMPLEX",
    "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
    "elk.layered.nodePlacement.favorStraightEdges": "true",
    "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
    "elk.layered.considerModelOrder.strategy": "PREFER_EDGES",
    "elk.layered.thoroughness": many ? "2" : "7",
  };
}

/** Boxes in rows, without their edges' bends: what is left where ELK cannot run. */
function gridLayout(graph) {
  const gap = 30;
  let x = gap;
  let y = 0;
  let row = 0;
  let width = 0;
  const arrange = (node) => {
    const inner = node.children?.length ? gridLayout(node) : node;
    node.width = inner.width;
    node.height = inner.height;
  };
  for (const node of graph.children ?? []) {
    arrange(node);
    if (x > 1200) [x, y, row] = [gap, y + row + gap, 0];
    moveBy(node, x - (node.x ?? 0), y + 36 - (node.y ?? 0));
    x += node.width + gap;
    row = Math.max(row, node.height);
    width = Math.max(width, x);
  }
  return Object.assign(graph, { x: 0, y: 0, width, height: y + row + 36 + gap });
}

function moveBy(node, dx, dy) {
  node.x = (node.x ?? 0) + dx;
  node.y = (node.y ?? 0) + dy;
  for (const child of node.children ?? []) moveBy(child, dx, dy);
}
