// A graph of the report: columns of nodes, and who reads whom in compressed sparse rows.

const CONTROL = -1;

class Graph {
  constructor(columns, number, strings) {
    this.number = number;
    this.name = columns.name;
    this.signature = columns.signature;
    this.names = columns.nodes.name;
    this.size = this.names.length;
    this.columns = columns;
    this.strings = strings;
    this.title = this.name || "main graph";
    this._missing = new Map();
    this._index = null;
    this._readInputs(columns.nodes.inputs);
    this._readConsumers();
    this.rank = executionRanks(this);
  }

  _readInputs(inputs) {
    let total = 0;
    for (const each of inputs) total += each.length;
    this.inputStart = new Int32Array(this.size + 1);
    this.inputNode = new Int32Array(total);
    this.inputOutput = new Int32Array(total);
    let edge = 0;
    for (let node = 0; node < this.size; node++) {
      for (const [producer, output] of inputs[node]) {
        this.inputNode[edge] = producer;
        if (producer < 0) this._missing.set(edge, String(output));
        else this.inputOutput[edge] = output;
        edge++;
      }
      this.inputStart[node + 1] = edge;
    }
  }

  _readConsumers() {
    const start = new Int32Array(this.size + 1);
    for (const producer of this.inputNode) if (producer >= 0) start[producer + 1]++;
    for (let node = 0; node < this.size; node++) start[node + 1] += start[node];
    const next = start.slice();
    this.consumerStart = start;
    this.consumerNode = new Int32Array(start[this.size]);
    this.consumerEdge = new Int32Array(start[this.size]);
    for (let node = 0; node < this.size; node++) {
      for (let edge = this.inputStart[node]; edge < this.inputStart[node + 1]; edge++) {
        const producer = this.inputNode[edge];
        if (producer < 0) continue;
        const place = next[producer]++;
        this.consumerNode[place] = node;
        this.consumerEdge[place] = edge;
      }
    }
  }

  op(node) {
    return this.strings[this.columns.nodes.op[node]] ?? "";
  }

  device(node) {
    return this.strings[this.columns.nodes.device[node]] ?? "";
  }

  /** The dtypes and shapes of a node's outputs, as text. */
  shapes(node) {
    return (this.columns.nodes.shape[node] ?? []).map((text) => this.strings[text] ?? "");
  }

  attrs(node) {
    return (this.columns.nodes.attrs[node] ?? []).map(([key, text]) => [this.strings[key] ?? "", this.strings[text] ?? ""]);
  }

  /** What a node reads, in its order: {node, output, text}; node is -1 where nothing has that name. */
  inputs(node) {
    const found = [];
    for (let edge = this.inputStart[node]; edge < this.inputStart[node + 1]; edge++) {
      found.push({ node: this.inputNode[edge], output: this.inputOutput[edge], text: this._missing.get(edge) });
    }
    return found;
  }

  /** Who reads a node: {node, output, input}; output is CONTROL for control inputs. */
  consumers(node) {
    const found = [];
    for (let place = this.consumerStart[node]; place < this.consumerStart[node + 1]; place++) {
      const edge = this.consumerEdge[place];
      const reader = this.consumerNode[place];
      found.push({ node: reader, output: this.inputOutput[edge], input: edge - this.inputStart[reader] });
    }
    return found;
  }

  calls(node) {
    return this.columns.calls?.[node] ?? [];
  }

  role(node) {
    return this.columns.role?.[node] ?? null;
  }

  change(node) {
    return this.columns.change?.[node] ?? null;
  }

  plan(node) {
    return this.columns.plan?.[node] ?? null;
  }

  /** The node with a name, of several the first; or -1. */
  find(name) {
    if (!this._index) {
      this._index = new Map();
      for (let node = this.size - 1; node >= 0; node--) this._index.set(this.names[node], node);
    }
    return this._index.get(name) ?? -1;
  }
}

/**
 * Return each node's place in depth-first postorder: producers first, but for the back edges of loops, which are those
 * from a NextIteration where the graph is well formed.
 */
function executionRanks(graph) {
  const ranks = new Int32Array(graph.size);
  const next = graph.inputStart.slice(0, graph.size);
  const seen = new Uint8Array(graph.size);
  const turns = Uint8Array.from(graph.names, (_, node) => Number(graph.op(node).endsWith("NextIteration")));
  const stack = [];
  let count = 0;
  for (let root = 0; root < graph.size; root++) {
    if (seen[root]) continue;
    seen[root] = 1;
    stack.push(root);
    while (stack.length) {
      const node = stack[stack.length - 1];
      if (next[node] === graph.inputStart[node + 1]) {
        ranks[stack.pop()] = count++;
        continue;
      }
      const producer = graph.inputNode[next[node]++];
      if (producer >= 0 && !seen[producer] && !turns[producer]) {
        seen[producer] = 1;
        stack.push(producer);
      }
    }
  }
  return ranks;
}

/** Return the nodes of a graph in the order of their ranks. */
function inExecutionOrder(graph) {
  const order = new Int32Array(graph.size);
  graph.rank.forEach((rank, node) => (order[rank] = node));
  return order;
}
