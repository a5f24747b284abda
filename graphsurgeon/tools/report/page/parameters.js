// Constants and variables that stand in their readers' boxes instead of having boxes of their own.

const SOURCES = new Set(["Const", "HostConst", "Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"]);
const PASSED_ON = new Set(["Identity", "ReadVariableOp", "Enter", "RefEnter", "Cast", "Dequantize"]);

/**
 * Return which nodes are parameters (sources, and what only passes them on) and which of those are hidden,
 * because a node that is no parameter reads them.
 */
function findParameters(graph) {
  const is = new Uint8Array(graph.size);
  const order = inExecutionOrder(graph);
  const { sources, passing } = kindsOf(graph);
  for (const node of order) {
    if (sources[node]) is[node] = 1;
    else if (passing[node]) is[node] = readsOnly(graph, node, is) ? 1 : 0;
  }
  const hidden = new Uint8Array(graph.size);
  for (let place = order.length - 1; place >= 0; place--) {
    const node = order[place];
    if (is[node]) hidden[node] = hasReader(graph, node, is, hidden) ? 1 : 0;
  }
  return { is, hidden };
}

function kindsOf(graph) {
  const sources = new Uint8Array(graph.size);
  const passing = new Uint8Array(graph.size);
  for (let node = 0; node < graph.size; node++) {
    const op = graph.op(node);
    if (SOURCES.has(op)) sources[node] = 1;
    else if (PASSED_ON.has(op)) passing[node] = 1;
  }
  return { sources, passing };
}

function readsOnly(graph, node, is) {
  let data = 0;
  for (let edge = graph.inputStart[node]; edge < graph.inputStart[node + 1]; edge++) {
    const producer = graph.inputNode[edge];
    if (producer < 0) return false;
    if (graph.inputOutput[edge] === CONTROL) continue;
    if (!is[producer]) return false;
    data++;
  }
  return data > 0;
}

function hasReader(graph, node, is, hidden) {
  for (let place = graph.consumerStart[node]; place < graph.consumerStart[node + 1]; place++) {
    if (graph.inputOutput[graph.consumerEdge[place]] === CONTROL) continue;
    const reader = graph.consumerNode[place];
    if (!is[reader] || hidden[reader]) return true;
  }
  return false;
}

/** Return the source behind a parameter. */
function sourceOf(graph, node) {
  let at = node;
  for (let steps = 0; steps < 8; steps++) {
    const first = graph.inputStart[at];
    if (first === graph.inputStart[at + 1] || graph.inputNode[first] < 0) break;
    if (graph.inputOutput[first] === CONTROL) break;
    at = graph.inputNode[first];
  }
  return at;
}

/** Return what a node's box says of the parameters that it reads: {node, weight, text}; small constants are counted. */
function parameterRows(graph, node, hidden, weights) {
  const rows = [];
  let others = 0;
  for (const input of graph.inputs(node)) {
    if (input.node < 0 || input.output === CONTROL || !hidden[input.node]) continue;
    const source = sourceOf(graph, input.node);
    const number = graph.role(input.node) ?? graph.role(source);
    const changed = graph.change(source) ?? graph.change(input.node);
    if (number === null && !changed && !graph.plan(source)) {
      others++;
      continue;
    }
    rows.push({ node: source, change: changed, plan: graph.plan(source), text: rowText(graph, source, weights[number]) });
  }
  return { rows, others };
}

function rowText(graph, source, weight) {
  if (!weight) return lastPart(graph.names[source]);
  const shape = Array.isArray(weight.shape) ? weight.shape.map((size) => size ?? "?").join("×") : "";
  return `${weight.role ? weight.role.replaceAll("_", " ") : lastPart(weight.name)} ${shape || "scalar"}`;
}

function lastPart(name) {
  return name.slice(name.lastIndexOf("/") + 1) || name;
}
