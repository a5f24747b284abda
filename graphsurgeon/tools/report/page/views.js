// The views beside the graph's: each is {id, title, count, make() -> elements}.

/** Return the views that a report has content for. */
function viewsOf(report) {
  const { data, graphs, weights } = report;
  const framed = graphs.flatMap((graph) => (graph.columns.frames ?? []).map((frame) => ({ graph, frame })));
  const functions = graphs.slice(1);
  const views = [
    { id: "changes", title: "Changes", count: changeCount(report), make: () => changesView(report), has: Boolean(data.against) },
    { id: "plan", title: "Plan", count: 0, make: () => planView(report), has: Boolean(data.plan) },
    { id: "weights", title: "Weights", count: weights.length, make: () => weightsView(report) },
    { id: "frames", title: "Frames", count: framed.length, make: () => framesView(framed) },
    { id: "functions", title: "Functions", count: functions.length, make: () => functionsView(report, functions) },
    { id: "signatures", title: "Signatures", count: data.signatures?.length ?? 0, make: () => signaturesView(data.signatures) },
    { id: "collections", title: "Collections", count: data.collections?.length ?? 0, make: () => collectionsView(data.collections) },
    { id: "saver", title: "Saver", count: 0, make: () => saverView(report), has: Boolean(data.saver) },
    { id: "about", title: "About", count: 0, make: () => aboutView(report), has: true },
  ];
  return views.filter((view) => view.has ?? view.count > 0);
}

function weightsView(report) {
  const table = weightTable(report, report.weights);
  report.weightTable = table;
  const notes = report.notes.length ? noteList(report.notes) : null;
  return [summaryLine(report.weights), notes, table.element].filter(Boolean);
}

function summaryLine(weights) {
  const nbytes = weights.reduce((sum, weight) => sum + (weight.nbytes ?? 0), 0);
  const trained = weights.filter((weight) => weight.trainable === true).length;
  const nan = weights.filter((weight) => weight.stats?.nan).length;
  const told = [counted(weights.length, "weight"), sized(nbytes)];
  if (trained) told.push(`${counted(trained)} trainable`);
  if (nan) told.push(`${counted(nan)} with NaN`);
  return element("p", { class: "summary" }, told.join(" · "));
}

function weightTable(report, weights) {
  const changed = weights.some((weight) => weight.change);
  const stat = (name, title = name) => ({ title, number: true, value: (weight) => weight.stats?.[name] ?? null });
  const columns = [
    { title: "Name", value: (weight) => weight.name, kind: "name", cell: (weight) => weightName(report, weight) },
    ...(changed ? [{ title: "Change", number: true, value: (weight) => changeSize(weight.change), cell: (weight) => changeCell(weight.change) }] : []),
    { title: "Role", value: (weight) => weight.role?.replaceAll("_", " "), cell: roleCell },
    { title: "Trainable", value: (weight) => ({ true: "yes", false: "no" })[weight.trainable] ?? "" },
    { title: "Dtype", value: (weight) => weight.dtype },
    { title: "Shape", value: (weight) => shapeText(weight.shape), kind: "shape" },
    { title: "Bytes", number: true, value: (weight) => weight.nbytes ?? null, cell: (weight) => (weight.nbytes === null ? "" : sized(weight.nbytes)) },
    { title: "Histogram", value: (weight) => weight.stats?.std ?? null, first: -1, cell: (weight) => histogramOf(weight.stats) },
    stat("norm", "Norm"), stat("mean", "Mean"), stat("std", "Std"), stat("min", "Min"), stat("max", "Max"), stat("zeros", "Zeros"),
    { title: "NaN", number: true, value: (weight) => weight.stats?.nan ?? null, cell: nanCell },
  ];
  const filter = (weight) => `${weight.name} ${weight.role ?? ""} ${weight.dtype ?? ""}`;
  return new SortedTable("Weights", columns, weights, { filter, sorted: changed ? 1 : null, id: "weights-table" });
}

function weightName(report, weight) {
  return weight.node && report.graphs.some((graph) => graph.find(weight.node) >= 0)
    ? link("node", weight.node, weight.name, report.graphs.find((graph) => graph.find(weight.node) >= 0).name)
    : weight.name;
}

function roleCell(weight) {
  const role = weight.role?.replaceAll("_", " ") ?? "";
  if (!weight.evidence?.length) return role;
  return element("details", {}, element("summary", {}, role || "evidence"), noteList(weight.evidence));
}

function nanCell(weight) {
  const count = weight.stats?.nan ?? null;
  return count ? element("strong", { class: "bad" }, counted(count)) : (count === null ? "" : "0");
}

/** Return how large a change is, for sorting: what cannot be measured comes first. */
function changeSize(change) {
  if (!change) return null;
  if (change.kind !== "changed") return change.kind === "equal" ? -1 : Number.MAX_VALUE;
  const largest = change.largest_relative ?? change.largest_absolute;
  return typeof largest === "number" ? largest : Number.MAX_VALUE;
}

function changeCell(change) {
  if (!change) return "";
  const sign = { added: "+", removed: "−", changed: "~" }[change.kind] ?? "";
  return element("span", { class: `badge ${change.kind}` }, `${sign} ${change.text || change.kind}`.trim());
}

function framesView(framed) {
  const columns = [
    { title: "Frame", value: ({ frame }) => frame.name, kind: "name" },
    { title: "Within", value: ({ graph, frame }) => (frame.parent >= 0 ? (graph.columns.frames[frame.parent]?.name ?? "") : graph.title) },
    { title: "Nodes", number: true, value: ({ frame }) => frame.nodes.length },
    { title: "Which", value: ({ frame }) => frame.nodes.length, cell: ({ graph, frame }) => element("details", {}, element("summary", {}, "list"),
      limited(frame.nodes.map((node) => element("li", {}, nodeLink(graph, node), element("span", { class: "quiet" }, ` ${graph.op(node)}`))))) },
  ];
  return [new SortedTable("Control-flow frames", columns, framed).element];
}

function functionsView(report, functions) {
  const callers = new Map();
  for (const graph of report.graphs) {
    for (const node of Object.keys(graph.columns.calls ?? {})) {
      for (const called of graph.calls(node)) {
        if (!callers.has(called)) callers.set(called, []);
        callers.get(called).push({ graph, node: Number(node) });
      }
    }
  }
  const called = (graph) => callers.get(graph.number) ?? [];
  const columns = [
    { title: "Function", value: (graph) => graph.name, kind: "name", cell: graphLink },
    { title: "Signature", value: (graph) => graph.signature ?? "", kind: "text" },
    { title: "Nodes", number: true, value: (graph) => graph.size - (graph.columns.made?.length ?? 0) },
    { title: "Called by", number: true, value: (graph) => called(graph).length, cell: (graph) => (called(graph).length ? element("details", {}, element("summary", {}, counted(called(graph).length)),
      limited(called(graph).map(({ graph: caller, node }) => element("li", {}, nodeLink(caller, node), element("span", { class: "quiet" }, caller.name ? ` in ${caller.name}` : ""))))) : "0") },
  ];
  return [new SortedTable("Functions", columns, functions, { filter: (graph) => graph.name }).element];
}

function signaturesView(signatures) {
  const ends = (rows) => element("tbody", {}, rows.map(([key, tensor, shape]) => element("tr", {},
    element("th", { scope: "row" }, key), element("td", { class: "name" }, tensorLink(tensor)), element("td", {}, shape))));
  return signatures.map(({ key, method, inputs, outputs }) => element("section", { class: "card" },
    element("h2", {}, key), element("p", { class: "quiet" }, method),
    element("h3", {}, "Inputs"), element("table", { class: "attrs" }, ends(inputs)),
    element("h3", {}, "Outputs"), element("table", { class: "attrs" }, ends(outputs))));
}

/** Return a link to the node of a tensor's name. */
function tensorLink(tensor) {
  return link("node", tensor.replace(/^\^/, "").replace(/:\d+$/, ""), tensor);
}

function collectionsView(collections) {
  return collections.map(({ name, kind, items }) => element("details", { class: "card", open: collections.length < 4 },
    element("summary", {}, element("strong", {}, name), element("span", { class: "quiet" }, ` ${kind}, ${counted(items.length, "item")}`)),
    limited(items.map((item) => element("li", { class: "text" }, item)))));
}

function saverView({ data }) {
  const names = { filename_tensor: "filename tensor", restore_op: "restore op", save: "save tensor", version: "version", max_to_keep: "checkpoints kept" };
  const facts = Object.entries(data.saver).map(([key, value]) => [names[key] ?? key, value]);
  const nodes = ["filename_tensor", "restore_op", "save"].map((key) => data.saver[key]).filter(Boolean);
  return [element("section", { class: "card" }, factList(facts), linkList(nodes.map((name) => element("li", {}, tensorLink(String(name))))))];
}

function aboutView({ data }) {
  const facts = [...data.facts, ["source", data.source], ["made by", data.made_by]];
  return [element("section", { class: "card" }, element("h2", {}, data.title), factList(facts),
    section("Notes", data.notes.length ? noteList(data.notes) : null),
    element("p", { class: "quiet" }, "Layout: elkjs 0.12.1, Eclipse Public License 2.0, https://github.com/kieler/elkjs"))];
}
