// The scopes of a graph as a tree, and the items that a picture or an outline shows of it.

/** Names have been seen with thousands of slashes; below this depth they are one label. */
const MAX_DEPTH = 32;
/** A scope with more members than this is cut into sections. */
const MAX_MEMBERS = 120;
const SECTION = 60;

class Scope {
  constructor(name, path) {
    this.name = name;
    this.path = path;
    this.scopes = new Map();
    /** Node numbers and scopes, in execution order. */
    this.members = [];
    this.start = 0;
    this.end = 0;
  }
}

/** Return the root scope of a graph, and all nodes so that those of each scope stand together. */
function scopesOf(graph) {
  const root = new Scope("", "");
  for (const node of inExecutionOrder(graph)) {
    let scope = root;
    const parts = graph.names[node].split("/");
    const depth = Math.min(parts.length - 1, MAX_DEPTH);
    for (let level = 0; level < depth; level++) scope = within(scope, parts[level]);
    scope.members.push(node);
  }
  const placed = new Int32Array(graph.size);
  placeNodes(root, placed, 0);
  return { root, placed };
}

function within(scope, name) {
  let inner = scope.scopes.get(name);
  if (!inner) {
    inner = new Scope(name, scope.path ? `${scope.path}/${name}` : name);
    scope.scopes.set(name, inner);
    scope.members.push(inner);
  }
  return inner;
}

function placeNodes(scope, placed, start) {
  scope.start = start;
  let place = start;
  for (const member of scope.members) {
    if (member instanceof Scope) place = placeNodes(member, placed, place);
    else placed[place++] = member;
  }
  scope.end = place;
  return place;
}

/** A graph as it is drawn at one place: the main graph, or the body of a function within a node that calls it. */
class Instance {
  constructor(graph, fold) {
    this.graph = graph;
    graph.scopes ??= scopesOf(graph);
    graph.parameters ??= findParameters(graph);
    this.root = graph.scopes.root;
    this.placed = graph.scopes.placed;
    this.hidden = fold ? graph.parameters.hidden : new Uint8Array(graph.size);
    this.shownBefore = new Int32Array(graph.size + 1);
    this.placed.forEach((node, place) => {
      this.shownBefore[place + 1] = this.shownBefore[place] + (this.hidden[node] ? 0 : 1);
    });
    /** For each node the box that stands for it. */
    this.box = null;
  }

  shown(member) {
    if (!(member instanceof Scope)) return this.hidden[member] ? 0 : 1;
    return this.shownBefore[member.end] - this.shownBefore[member.start];
  }
}

/** Something that a picture shows as one box: a node, a scope, a section of one, or the body of a function. */
class Item {
  constructor(kind, instance, parent, label, what) {
    this.kind = kind;
    this.instance = instance;
    this.parent = parent;
    this.label = label;
    this.node = kind === "node" ? what : -1;
    this.members = kind === "node" ? [what] : what;
    this.path = "";
    this.open = false;
    this.children_ = null;
    this.shown = this.members.reduce((sum, member) => sum + instance.shown(member), 0);
  }

  get graph() {
    return this.instance.graph;
  }

  get expandable() {
    return this.kind === "node" ? this.calls.length > 0 : this.kind !== "outside";
  }

  get calls() {
    return this.node < 0 ? [] : this.graph.calls(this.node);
  }

  /** The full name: of a node its name, of a scope its path. */
  get name() {
    return this.kind === "node" ? this.graph.names[this.node] : this.path || this.label;
  }

  /** Visit the ranges of `instance.placed` that lie in it. */
  nodes() {
    const found = [];
    for (const member of this.members) {
      if (!(member instanceof Scope)) found.push(member);
      else for (let place = member.start; place < member.end; place++) found.push(this.instance.placed[place]);
    }
    return found;
  }
}

/** Return the item of a whole graph. */
function wholeGraph(graph, fold) {
  const instance = new Instance(graph, fold);
  const item = new Item("scope", instance, null, graph.title, [instance.root]);
  item.open = true;
  return item;
}

/** Return the items within an item. */
function childrenOf(item, bodies) {
  if (!item.children_) item.children_ = item.kind === "node" ? bodies(item) : itemsOf(item);
  return item.children_;
}

function itemsOf(item) {
  const members = item.kind === "section" ? item.members : item.members[0].members;
  const shown = members.filter((member) => item.instance.shown(member) > 0);
  if (shown.length <= MAX_MEMBERS) return shown.map((member) => memberItem(item, member));
  const size = Math.max(SECTION, Math.ceil(shown.length / SECTION));
  const sections = [];
  for (let start = 0; start < shown.length; start += size) {
    const part = shown.slice(start, start + size);
    const label = `${memberLabel(item, part[0])} … ${memberLabel(item, part[part.length - 1])}`;
    sections.push(new Item("section", item.instance, item, label, part));
  }
  return sections;
}

function memberLabel(item, member) {
  return member instanceof Scope ? member.name || "(no name)" : lastPart(item.graph.names[member]);
}

function memberItem(parent, member) {
  if (!(member instanceof Scope)) {
    return new Item("node", parent.instance, parent, memberLabel(parent, member), member);
  }
  // What is alone in a scope stands for it.
  let scope = member;
  let label = memberLabel(parent, member);
  for (;;) {
    const inner = scope.members.filter((each) => parent.instance.shown(each) > 0);
    if (inner.length !== 1) break;
    label += `/${memberLabel(parent, inner[0])}`;
    if (!(inner[0] instanceof Scope)) return new Item("node", parent.instance, parent, label, inner[0]);
    [scope] = inner;
  }
  const item = new Item("scope", parent.instance, parent, label, [scope]);
  item.path = scope.path;
  return item;
}
