// The page: its parts put together, and where its address leads.

class Page {
  constructor(data, layouter) {
    const graphs = data.graphs.map((columns, number) => new Graph(columns, number, data.strings));
    this.report = { data, graphs, weights: data.weights, facts: data.facts, notes: data.notes };
    this.panels = new Map();
    byId("title").textContent = data.title;
    byId("title").title = data.source;
    byId("footer").textContent = `${data.made_by} · layout by elkjs (EPL-2.0)`;
    if (graphs.length) this._graphPanel(layouter);
    for (const view of viewsOf(this.report)) this._panel(view.id, view.title, view.count, view.make);
    this._tabs();
    this._theme();
    new Search(this.report, (found) => this.go(found));
    addEventListener("hashchange", () => this.follow());
    document.addEventListener("click", (event) => this._followLink(event));
  }

  /** Links lead within the page, also in a frame whose address is that of the page around it. */
  _followLink(event) {
    const href = event.target.closest?.("a[href^='#']")?.getAttribute("href");
    if (!href || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this._go(href);
  }

  _panel(id, title, count, make) {
    const content = element("div", { id: `view-${id}`, class: "view", role: "tabpanel", "aria-labelledby": `tab-${id}`, hidden: true });
    byId("views").append(content);
    this.panels.set(id, { id, title, count, make, content, made: false });
  }

  _graphPanel(layouter) {
    this.view = new GraphView(this.report, layouter, (chosen) => this._chosen(chosen));
    this.outline = new Outline(this.view);
    this.side = element("aside", { id: "panel", "aria-label": "Details", tabindex: "0" });
    this._panel("graph", "Graph", 0, () => []);
    const panel = this.panels.get("graph");
    panel.made = true;
    panel.content.classList.add("graphed");
    const bar = graphBar(this);
    panel.content.append(bar, element("nav", { id: "scopes", "aria-label": "Outline" }, this.outline.list),
      element("div", { id: "canvas" }, this.view.svg, zoomButtons(this.view), this.view.status), this.side);
    this.view.onDrawn = () => {
      this.outline.draw();
      this._crumbs();
    };
    printWhole(this.view);
  }

  _tabs() {
    const list = byId("tabs");
    for (const { id, title, count } of this.panels.values()) {
      const tab = element("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `view-${id}`, "aria-selected": "false", tabindex: "-1" }, title);
      if (count) tab.append(element("span", { class: "count" }, counted(count)));
      tab.addEventListener("click", () => this._go(`#view=${id}`));
      list.append(tab);
    }
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const tabs = [...list.children];
      const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
      next.focus();
      next.click();
    });
  }

  _theme() {
    const button = byId("theme");
    const order = ["auto", "light", "dark"];
    const set = (theme) => {
      document.documentElement.dataset.theme = theme;
      button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
      button.setAttribute("aria-label", `${button.textContent} colours`);
      button.title = "Colours: as the system has them, light, or dark";
    };
    button.addEventListener("click", () => set(order[(order.indexOf(document.documentElement.dataset.theme) + 1) % 3]));
    set("auto");
  }

  /** Show one view. */
  show(id) {
    const panel = this.panels.get(id);
    if (!panel) return;
    for (const [each, { content }] of this.panels) {
      content.hidden = each !== id;
      const tab = byId(`tab-${each}`);
      tab.setAttribute("aria-selected", String(each === id));
      tab.setAttribute("tabindex", each === id ? "0" : "-1");
    }
    if (panel.made) return;
    panel.made = true;
    panel.content.append(...panel.make());
  }

  _go(hash) {
    if (location.protocol === "about:" || location.hash === hash) this.follow(hash);
    else location.hash = hash;
  }

  go(found) {
    if (found.weight) this._go(`#weight=${encodeURIComponent(found.weight.name)}`);
    else this._go(link("node", found.graph.names[found.node], "", found.graph.name).getAttribute("href"));
  }

  /** Go where the address says. */
  async follow(hash = location.hash) {
    const wanted = placeOf(hash);
    const graph = this.report.graphs.find((each) => each.name === (wanted.graph ?? "")) ?? this.report.graphs[0];
    if (wanted.weight !== undefined) return this._showWeight(wanted.weight);
    if (wanted.node !== undefined && graph) return this._showNode(graph, wanted.node);
    if (!this.view || (wanted.view !== undefined && wanted.view !== "graph")) {
      this.show(this.panels.has(wanted.view) ? wanted.view : this.panels.keys().next().value);
      return;
    }
    this.show("graph");
    if (wanted.scope !== undefined) await this._showScope(graph, wanted.scope);
    else if (!this.view.scene || (wanted.graph !== undefined && graph !== this.view.graph)) await this.view.show(graph);
  }

  async _showNode(named, name) {
    const graph = named.find(name) >= 0 ? named : this.report.graphs.find((each) => each.find(name) >= 0);
    this.show("graph");
    if (graph) await this.view.reveal(graph, graph.find(name));
    else await this._unknown("node", name);
  }

  async _showScope(graph, path) {
    if (!this.view.root || graph !== this.view.graph) this.view.open(graph);
    if (!(await this.view.revealScope(path, true))) await this._unknown("scope", path);
  }

  async _unknown(kind, name) {
    if (!this.view.scene) await this.view.show(this.report.graphs[0]);
    this.view.status.textContent = `There is no ${kind} ${name}`;
  }

  _showWeight(name) {
    const weight = this.report.weights.find((each) => each.name === name);
    if (!this.panels.has("weights")) return;
    this.show("weights");
    if (weight) this.report.weightTable.reveal(weight);
  }

  _chosen(chosen) {
    this.side.replaceChildren(...panelOf(this.report, chosen, this.view).flat(2).filter(Boolean));
    this.side.scrollTop = 0;
    this.outline.mark(chosen?.item ?? null);
    if (chosen?.node >= 0) {
      const place = link("node", chosen.graph.names[chosen.node], "", chosen.graph.name).getAttribute("href");
      // Chosen by hand: the address tells it, and nothing moves.
      if (location.protocol !== "about:") history.replaceState(null, "", place);
    }
  }

  _crumbs() {
    const place = byId("crumbs");
    const items = [];
    for (let item = this.view.top; item; item = item.parent) if (item.kind !== "node") items.unshift(item);
    place.replaceChildren(...items.map((item) => element("button", { type: "button", class: "small", "aria-current": item === this.view.top ? "true" : null,
      onclick: () => this.view.enter(item) }, shortened(item.label, 40))));
    byId("graphs").value = String(this.view.graph.number);
  }
}

/** Return what an address names: "#node=a%2Fb&graph=f" -> {node: "a/b", graph: "f"}. */
function placeOf(hash) {
  const found = {};
  for (const part of hash.slice(1).split("&")) {
    const [key, value = ""] = part.split("=");
    try {
      if (key) found[key] = decodeURIComponent(value);
    } catch {
      found[key] = value;
    }
  }
  return found;
}

function graphBar(page) {
  const { report, view } = page;
  const choice = element("select", { id: "graphs", "aria-label": "Graph", hidden: report.graphs.length < 2 },
    report.graphs.map((graph) => element("option", { value: String(graph.number) }, shortened(graph.title, 60))));
  choice.addEventListener("change", () => view.show(report.graphs[Number(choice.value)]));
  const option = (name, title) => {
    const box = element("input", { type: "checkbox", id: `option-${name}` });
    box.checked = view.options[name];
    box.addEventListener("change", () => view.setOption(name, box.checked));
    return element("label", {}, box, ` ${title}`);
  };
  const outline = element("button", { type: "button", class: "small", "aria-controls": "scopes", "aria-expanded": "true" }, "Outline");
  outline.addEventListener("click", () => {
    const shown = byId("view-graph").classList.toggle("unlined");
    outline.setAttribute("aria-expanded", String(!shown));
  });
  return element("div", { id: "bar" }, outline, choice, element("nav", { id: "crumbs", "aria-label": "Shown scope" }),
    element("span", { class: "gap" }), option("fold", "Constants in their readers"), option("control", "Control edges"),
    element("button", { type: "button", class: "small", onclick: () => view.foldAll() }, "Fold all"),
    element("button", { type: "button", class: "small", onclick: () => offer(`${report.data.title}.svg`, standalone(view).text, "image/svg+xml") }, "Save SVG"));
}

function zoomButtons(view) {
  const button = (text, title, act) => element("button", { type: "button", "aria-label": title, title, onclick: act }, text);
  return element("div", { id: "zoom" }, button("+", "Zoom in", () => view.viewport.zoom(1.25)), button("−", "Zoom out", () => view.viewport.zoom(0.8)),
    button("▣", "Fit the picture", () => view.viewport.fit()));
}

/** What other programs may ask: `graphsurgeon.ready`, `go("#node=a")`, `picture(scope, graph)`. */
const started = (async () => {
  // The worker starts while the data are read.
  const program = await readLayoutProgram();
  const layouter = program && new Layouter(program);
  layouter?.start();
  const data = await readReport();
  performance.mark("read");
  const page = new Page(data, layouter);
  performance.mark("built");
  await page.follow();
  performance.mark("ready");
  document.documentElement.dataset.ready = "true";
  return page;
})();

window.graphsurgeon = {
  ready: started.then(() => true),
  async go(place) {
    await (await started).follow(place);
  },
  async picture(scope = "", graph = "") {
    const { view, report } = await started;
    if (!view) return { trouble: "no graph" };
    const of = report.graphs.find((each) => each.name === graph);
    if (!of) return { trouble: "no such graph" };
    view.options.fold = true;
    view.open(of);
    if (scope && !(await view.revealScope(scope, true))) return { trouble: "no such scope", depth: MAX_DEPTH };
    if (scope && !view.top.shown) {
      // Nothing but constants, whose readers are elsewhere.
      view.options.fold = false;
      view.open(of);
      await view.revealScope(scope, true);
    }
    if (!scope) await view.refresh();
    view.choose(null);
    return standalone(view);
  },
};
