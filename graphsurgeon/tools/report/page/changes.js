// What differs between two models, and what a verb would do: the views of `--against` and `--plan`.

function changedNodes(report) {
  return report.graphs.flatMap((graph) => Object.entries(graph.columns.change ?? {}).map(([node, change]) => ({ graph, node: Number(node), change })));
}

function changedWeights(report) {
  return report.weights.filter((weight) => weight.change && weight.change.kind !== "equal");
}

function changeCount(report) {
  return report.data.against ? changedNodes(report).length + changedWeights(report).length : 0;
}

function changesView(report) {
  const nodes = changedNodes(report);
  const weights = changedWeights(report);
  const { against } = report.data;
  const tables = [];
  if (weights.length) tables.push(element("h2", {}, "Weights, largest relative change first"), changedWeightTable(report, weights).element);
  if (nodes.length) tables.push(element("h2", {}, "Nodes"), changedNodeTable(nodes).element);
  if (!tables.length) tables.push(element("p", { class: "summary" }, "No node and no weight differs."));
  const summary = element("details", { class: "card" }, element("summary", {}, "As diff tells it"), element("pre", {}, against.summary.join("\n")));
  return [element("p", { class: "summary" }, `against ${against.source}`), changeLegend(), ...tables, summary];
}

function changeLegend() {
  const kinds = [["added", "+ added: in the other only"], ["removed", "− removed: here only"], ["changed", "~ changed: in both"]];
  return element("p", { class: "legend" }, kinds.map(([kind, text]) => element("span", { class: `badge ${kind}` }, text)));
}

function changedWeightTable(report, weights) {
  const columns = [
    { title: "Name", value: (weight) => weight.name, kind: "name", cell: (weight) => weightName(report, weight) },
    { title: "Relative", number: true, value: (weight) => changeSize(weight.change), cell: (weight) => measured(weight.change.largest_relative) },
    { title: "Absolute", number: true, value: (weight) => weight.change.largest_absolute ?? null },
    { title: "Change", value: (weight) => weight.change.kind, cell: (weight) => changeCell(weight.change) },
    { title: "Shape", value: (weight) => shapeText(weight.shape) },
    { title: "Histogram", value: (weight) => weight.stats?.std ?? null, cell: (weight) => histogramOf(weight.stats) },
  ];
  return new SortedTable("Changed weights", columns, weights, { filter: (weight) => weight.name, sorted: 1, id: "changed-weights" });
}

function changedNodeTable(nodes) {
  const columns = [
    { title: "Node", value: ({ graph, node }) => graph.names[node], kind: "name", cell: ({ graph, node }) => nodeLink(graph, node) },
    { title: "Change", value: ({ change }) => change, cell: ({ change }) => changeCell({ kind: change }) },
    { title: "Op", value: ({ graph, node }) => graph.op(node) },
    { title: "What", value: ({ graph, node }) => (graph.columns.changed?.[node] ?? []).join("; "), kind: "text" },
    { title: "Graph", value: ({ graph }) => graph.title },
  ];
  return new SortedTable("Changed nodes", columns, nodes, { filter: ({ graph, node }) => graph.names[node], sorted: 1, id: "changed-nodes" });
}

function planView(report) {
  const { plan } = report.data;
  const become = report.graphs.flatMap((graph) => Object.entries(graph.columns.plan ?? {}).map(([node, name]) => ({ graph, node: Number(node), name })));
  const kept = report.graphs.flatMap((graph) => Object.entries(graph.columns.kept ?? {}).map(([node, reason]) => ({ graph, node: Number(node), reason })));
  const weightOf = ({ graph, node }) => report.weights[graph.role(node)] ?? {};
  const node = { title: "Constant", value: (row) => row.graph.names[row.node], kind: "name", cell: (row) => nodeLink(row.graph, row.node) };
  const parts = [element("ul", { class: "notes summary" }, plan.summary.map((line) => element("li", {}, line)))];
  if (become.length) {
    const columns = [node, { title: "Becomes variable", value: (row) => row.name, kind: "name" },
      { title: "Role", value: (row) => weightOf(row).role?.replaceAll("_", " "), cell: (row) => roleCell(weightOf(row)) },
      { title: "Trainable", value: (row) => ({ true: "yes", false: "no" })[weightOf(row).trainable] ?? "" },
      { title: "Shape", value: (row) => (row.graph.shapes(row.node)[0] ?? "") }];
    parts.push(element("h2", {}, "Would become variables"), new SortedTable("Would become variables", columns, become, { filter: (row) => row.name, id: "plan-table" }).element);
  }
  if (kept.length) {
    const columns = [node, { title: "Why it stays", value: (row) => row.reason, kind: "text" }, { title: "Shape", value: (row) => (row.graph.shapes(row.node)[0] ?? "") }];
    parts.push(element("h2", {}, "Would stay constants"), new SortedTable("Would stay constants", columns, kept, { filter: (row) => row.graph.names[row.node] }).element);
  }
  return parts;
}
