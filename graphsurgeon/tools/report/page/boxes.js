// The lines of text in a box, and its size.

const MAX_TEXT = 34;
const MAX_ROWS = 6;
const LINE = 15;
const PADDING = 9;
const HEADING = 30;

const measuring = document.createElement("canvas").getContext("2d");

/** Return the width of a text as it will be drawn. */
function widthOf(text, size = FONT_SIZE, weight = "400") {
  measuring.font = `${weight} ${size}px ${fontFamily()}`;
  return measuring.measureText(text).width;
}

let family = null;

function fontFamily() {
  family ??= getComputedStyle(document.body).fontFamily;
  return family;
}

const CATEGORIES = [
  ["convolution", /conv|matmul|^einsum$|^lstm|^gru|rnn/],
  ["norm", /norm|^lrn$|^dropout/],
  ["activation", /relu|sigmoid|tanh|softmax|^elu$|^selu$|softplus|swish|softsign/],
  ["pool", /pool|resize|^mean$|^max$|^sum$|argmax|topk/],
  ["shape", /reshape|transpose|squeeze|expanddims|^pad|pack|concat|slice|split|gather|^shape$|tile|^flatten/],
  ["flow", /^(ref)?(switch|merge|enter|exit)$|nextiteration|loopcond|while|^if$|statelessif|call|^case$|tensorarray|tensorlist/],
  ["state", /variable|varhandle|assign|save|restore|const|hashtable|^read/],
  ["input", /placeholder|^_arg|^_retval|iterator|dataset|queue|decode/],
];

/** Return the kind of an op by which boxes are coloured. */
function categoryOf(op) {
  const name = op.toLowerCase();
  return CATEGORIES.find(([, pattern]) => pattern.test(name))?.[0] ?? "other";
}

/** Return the signs of what changed within a folded box: "+3 −1 ~2". */
function changeText(changes) {
  const signs = { added: "+", removed: "−", changed: "~" };
  return Object.entries(signs)
    .filter(([kind]) => changes?.[kind])
    .map(([kind, sign]) => `${sign}${counted(changes[kind])}`)
    .join(" ");
}

/** Write into a box its lines, {text, kind}, and its width and height. */
function fillBox(box, weights) {
  const { item } = box;
  box.lines = [{ text: shortened(item.label, MAX_TEXT), kind: "label" }];
  if (item.kind === "node") nodeLines(box, weights);
  else if (item.kind === "body") box.lines.push({ text: `function, ${counted(item.graph.size, "node")}`, kind: "what" });
  else if (item.kind === "outside") box.lines.push({ text: "outside", kind: "row quiet" });
  else scopeLines(box);
  const mark = item.expandable ? 18 : 0;
  const widths = box.lines.map(({ text, kind }) => widthOf(text, kind === "label" ? 12 : 11, kind === "label" ? "600" : "400"));
  box.width = Math.ceil(Math.max(72, widths[0] + mark, ...widths)) + 2 * PADDING + 6;
  box.height = box.lines.length * LINE + 2 * PADDING - 2;
}

function nodeLines(box, weights) {
  const { item } = box;
  const { graph, node, instance } = item;
  const op = graph.op(node);
  box.category = categoryOf(op);
  if (op !== item.label) box.lines.push({ text: shortened(op, MAX_TEXT), kind: "what" });
  const { rows, others } = parameterRows(graph, node, instance.hidden, weights);
  for (const row of rows.slice(0, MAX_ROWS)) {
    const text = shortened(`${signOf(row)}${row.text}`, MAX_TEXT + 6);
    box.lines.push({ text, kind: `row ${row.change ?? (row.plan ? "planned" : "")}` });
  }
  if (rows.length > MAX_ROWS) box.lines.push({ text: `and ${counted(rows.length - MAX_ROWS, "more weight", "more weights")}`, kind: "row" });
  if (others && rows.length === 0) box.lines.push({ text: counted(others, "constant"), kind: "row quiet" });
  if (box.aside) box.lines.push({ text: `${counted(box.readers, "neighbour")}`, kind: "row quiet" });
}

function signOf({ change, plan }) {
  if (change) return { added: "+ ", removed: "− ", changed: "~ " }[change] ?? "";
  return plan ? "→ " : "";
}

function scopeLines(box) {
  const { item } = box;
  const told = [counted(item.shown, "node")];
  if (box.weights) told.push(counted(box.weights, "weight"));
  box.lines.push({ text: told.join(", "), kind: "what" });
  const changes = changeText(box.changes);
  const kinds = Object.keys(box.changes ?? {});
  if (changes) box.lines.push({ text: changes, kind: `row ${kinds.length === 1 ? kinds[0] : "changes"}` });
  if (box.planned) box.lines.push({ text: `→ ${counted(box.planned, "variable")}`, kind: "row planned" });
  if (box.aside) box.lines.push({ text: `${counted(box.readers, "neighbour")}`, kind: "row quiet" });
}

/** Return the scene as a graph of ELK. */
function elkGraph(scene, weights) {
  const labelled = scene.edges.length <= 160;
  const nodeOf = (box) => {
    fillBox(box, weights);
    const made = { id: `b${box.number}`, width: box.width, height: box.height };
    if (!box.inner.length) return made;
    made.children = box.inner.map(nodeOf);
    const least = Math.ceil(widthOf(box.lines[0].text, 12, "600")) + 48;
    made.layoutOptions = {
      "elk.padding": `[top=${HEADING + 12},left=16,bottom=16,right=16]`,
      "elk.nodeSize.constraints": "MINIMUM_SIZE",
      "elk.nodeSize.minimum": `(${least}, 60)`,
    };
    return made;
  };
  const children = scene.tops.map(nodeOf);
  const edges = scene.edges.map((edge, number) => {
    const made = { id: `e${number}`, sources: [`b${edge.from}`], targets: [`b${edge.to}`] };
    edge.text = labelled ? edgeText(edge) : "";
    if (edge.text) {
      made.labels = [{ text: edge.text, width: Math.ceil(widthOf(edge.text, 10)) + 8, height: 14 }];
      made.labels[0].layoutOptions = { "elk.edgeLabels.inline": "true" };
    }
    return made;
  });
  return { id: "root", layoutOptions: layoutOptions(scene.boxes.length, edges.length), children, edges };
}

/** Return what stands at an edge: the shape of its one tensor, or how many it has. */
function edgeText(edge) {
  if (edge.tensors.size > 1) return `${counted(edge.tensors.size)} tensors`;
  if (!edge.tensors.size) return "";
  const [tensor] = edge.tensors;
  const colon = tensor.lastIndexOf(":");
  const shape = edge.graph.shapes(Number(tensor.slice(0, colon)))[Number(tensor.slice(colon + 1))] ?? "";
  const sizes = /\[(.*)\]/.exec(shape);
  if (!sizes) return "";
  return sizes[1] ? shortened(sizes[1].replaceAll(/,\s*/g, "×"), 26) : "";
}
