// The side panel: all there is to say of what is chosen.

const MAX_LINKS = 40;

/** Return what the panel says of a choice of the graph view, or of nothing chosen. */
function panelOf(report, chosen, view) {
  if (!chosen) return [...aboutFunction(view?.graph), ...aboutReport(report)];
  if (chosen.node >= 0) return aboutNode(report, chosen.graph, chosen.node);
  return aboutItem(report, chosen.item, view);
}

/** What there is to say of a function whose body is shown. */
function aboutFunction(graph) {
  if (!graph?.name) return [];
  const whole = element("a", { href: "#graph=" }, "to the main graph");
  return [element("h2", {}, "Function"), factList([["name", graph.name], ["signature", graph.signature ?? ""]]), element("p", {}, whole)];
}

function aboutReport(report) {
  const parts = [element("h2", {}, "Model"), factList(report.facts)];
  if (report.notes.length) parts.push(element("h3", {}, "Notes"), noteList(report.notes));
  if (report.graphs.length) parts.push(element("h3", {}, "Colours"), colours(), element("h3", {}, "Keys"), factList(KEYS));
  return parts;
}

const KEYS = [
  ["arrows", "next box; with shift, pan"],
  ["enter", "open or fold"],
  ["+ − 0", "zoom, fit"],
  ["/", "search"],
  ["backspace", "out of a scope shown alone"],
];

const COLOURS = {
  convolution: "convolution", norm: "normalization", activation: "activation", pool: "pooling, reduction", shape: "shape",
  flow: "control flow, call", state: "state", input: "input, output",
};

function colours() {
  const rows = Object.entries(COLOURS).map(([kind, text]) => element("li", {}, element("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), text));
  return element("ul", { class: "colours" }, rows);
}

const MAX_FACT = 240;

function factList(facts) {
  return element("dl", {}, facts.flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, factText(String(value)))]));
}

/** Return a fact; of a long one its start, and the whole when asked. */
function factText(text) {
  if (text.length <= MAX_FACT) return text;
  return element("details", { class: "long" }, element("summary", {}, `${text.slice(0, MAX_FACT / 2)}…`), text);
}

function noteList(notes) {
  return element("ul", { class: "notes" }, notes.map((note) => element("li", {}, note)));
}

function heading(name, kind) {
  const copy = element("button", { type: "button", class: "small", onclick: () => navigator.clipboard?.writeText(name) }, "Copy name");
  return element("div", { class: "heading" }, element("p", { class: "kind" }, kind), element("h2", { class: "name" }, name), copy);
}

function section(title, ...content) {
  const shown = content.flat().filter(Boolean);
  return shown.length ? element("section", {}, element("h3", {}, title), shown) : null;
}

function aboutNode(report, graph, node) {
  const change = graph.change(node);
  const planned = graph.plan(node);
  const number = graph.role(node);
  const weight = number === null ? null : report.weights[number];
  const facts = [["op", graph.op(node)]];
  if (graph.name) facts.push(["function", graph.name]);
  if (graph.device(node)) facts.push(["device", graph.device(node)]);
  const frame = frameOfNode(graph, node);
  if (frame) facts.push(["frame", frame]);
  if (planned) facts.push(["becomes variable", planned]);
  if (graph.columns.kept?.[node]) facts.push(["stays a constant", graph.columns.kept[node]]);
  return [
    heading(graph.names[node], "node"),
    change ? element("p", { class: `badge ${change}` }, `${{ added: "+ ", removed: "− ", changed: "~ " }[change] ?? ""}${change}`) : null,
    (graph.columns.changed?.[node] ?? []).map((text) => element("p", { class: "quiet" }, text)),
    factList(facts),
    weight ? section("Weight", weightCard(weight, number)) : null,
    section("Calls", callLinks(report, graph, node)),
    section("Inputs", inputRows(graph, node)),
    section("Outputs", outputRows(graph, node)),
    section("Attrs", attrRows(graph.attrs(node))),
  ];
}

function frameOfNode(graph, node) {
  graph.frameNames ??= new Map((graph.columns.frames ?? []).flatMap((frame) => frame.nodes.map((each) => [each, frame.name])));
  return graph.frameNames.get(node) ?? "";
}

function callLinks(report, graph, node) {
  const names = graph.calls(node).map((number) => report.graphs[number]).filter(Boolean);
  return names.length ? linkList(names.map((called) => element("li", {}, graphLink(called)))) : null;
}

function graphLink(graph) {
  return element("a", { href: `#graph=${encodeURIComponent(graph.name)}` }, graph.title);
}

function nodeLink(graph, node, text = graph.names[node]) {
  return link("node", graph.names[node], text, graph.name);
}

function linkList(rows) {
  return element("ul", { class: "links" }, rows);
}

function inputRows(graph, node) {
  const rows = graph.inputs(node).map(({ node: producer, output, text }, index) => {
    if (producer < 0) return element("li", { class: "missing" }, `${index}: ${text} (no such node)`);
    const control = output === CONTROL;
    const shape = control ? "" : (graph.shapes(producer)[output] ?? "");
    return element("li", {}, element("span", { class: "quiet" }, control ? "^" : `${index} `), nodeLink(graph, producer),
      element("span", { class: "quiet" }, control ? " control" : `:${output} ${shape}`));
  });
  return rows.length ? limited(rows) : null;
}

function outputRows(graph, node) {
  const readers = new Map();
  for (const consumer of graph.consumers(node)) {
    if (!readers.has(consumer.output)) readers.set(consumer.output, []);
    readers.get(consumer.output).push(consumer);
  }
  const shapes = graph.shapes(node);
  const ports = new Set([...shapes.keys(), ...readers.keys()]);
  return [...ports].sort((a, b) => (a === CONTROL) - (b === CONTROL) || a - b).map((port) => {
    const title = port === CONTROL ? "^ control" : `:${port} ${shapes[port] ?? ""}`;
    const rows = (readers.get(port) ?? []).map((consumer) => element("li", {}, nodeLink(graph, consumer.node),
      element("span", { class: "quiet" }, port === CONTROL ? "" : ` input ${consumer.input}`)));
    return element("div", { class: "port" }, element("p", { class: "quiet" }, title), rows.length ? limited(rows) : element("p", { class: "quiet" }, "nothing reads it"));
  });
}

/** Return a list that shows its first rows, and the others when asked. */
function limited(rows) {
  const list = linkList(rows.slice(0, MAX_LINKS));
  if (rows.length <= MAX_LINKS) return list;
  const more = element("button", { type: "button", class: "small" }, `Show all ${counted(rows.length)}`);
  more.addEventListener("click", () => {
    list.append(...rows.slice(MAX_LINKS));
    more.remove();
  });
  return element("div", {}, list, more);
}

function attrRows(attrs) {
  if (!attrs.length) return null;
  const rows = attrs.map(([key, text]) => element("tr", {}, element("th", { scope: "row" }, key), element("td", {}, text)));
  return element("table", { class: "attrs" }, element("tbody", {}, rows));
}

function aboutItem(report, item, view) {
  const nodes = item.kind === "body" ? [...item.graph.names.keys()] : [...new Set(item.nodes())];
  const ops = new Map();
  for (const node of nodes) ops.set(item.graph.op(node), (ops.get(item.graph.op(node)) ?? 0) + 1);
  const weights = nodes.map((node) => item.graph.role(node)).filter((number) => number !== null);
  const total = weights.reduce((sum, number) => sum + (report.weights[number]?.nbytes ?? 0), 0);
  const rows = [...ops].sort((a, b) => b[1] - a[1]).slice(0, 30);
  const facts = [["nodes", counted(nodes.length)]];
  if (weights.length) facts.push(["weights", `${counted(weights.length)}, ${sized(total)}`]);
  const kind = { body: "function", section: "part of a scope", scope: "scope", outside: "outside of what is shown" }[item.kind];
  return [
    heading(item.kind === "body" ? item.graph.name : item.name, kind),
    item.expandable && element("p", { class: "buttons" },
      element("button", { type: "button", class: "small", onclick: () => view.toggle(item) }, item.open ? "Fold" : "Open"),
      element("button", { type: "button", class: "small", onclick: () => view.enter(item) }, "Show alone")),
    factList(facts),
    section("Ops", element("table", { class: "attrs" }, element("tbody", {}, rows.map(([op, count]) =>
      element("tr", {}, element("th", { scope: "row" }, op), element("td", { class: "number" }, counted(count))))))),
    weights.length ? section("Weights", limited([...new Set(weights)].map((number) => element("li", {}, link("weight", report.weights[number].name, report.weights[number].name))))) : null,
  ];
}
