// Which part of a graph is the model: what its inputs lead to, not what saves, restores or initializes.

const INPUT_OP = /^(Placeholder|_Arg|_DeviceArg|Iterator|OneShotIterator|Queue\w*Dequeue|FIFOQueue|ParseExample|DecodeJpeg)/;

/**
 * Return which nodes the inputs lead to, and which are inputs, or null where there are none; `filename` is the tensor
 * that a saver is fed, whose scope is the saver's.
 */
function ledTo(graph, filename) {
  const node = (filename ?? "").replace(/:\d+$/, "");
  const scope = node.includes("/") ? node.slice(0, node.lastIndexOf("/") + 1) : "";
  const isSaver = (name) => name === node || (scope !== "" && name.startsWith(scope));
  const reached = new Uint8Array(graph.size);
  const queue = [];
  for (let each = 0; each < graph.size; each++) {
    if (!INPUT_OP.test(graph.op(each)) || (graph.number === 0 && isSaver(graph.names[each]))) continue;
    reached[each] = 1;
    queue.push(each);
  }
  if (!queue.length) return null;
  const inputs = new Set(queue);
  while (queue.length) {
    const producer = queue.pop();
    for (let place = graph.consumerStart[producer]; place < graph.consumerStart[producer + 1]; place++) {
      const reader = graph.consumerNode[place];
      if (reached[reader] || graph.inputOutput[graph.consumerEdge[place]] === CONTROL) continue;
      reached[reader] = 1;
      queue.push(reader);
    }
  }
  return { reached, inputs };
}

/** Whether an item belongs to the model: a quarter of it at least is led to from the inputs. */
function isOfModel(item) {
  const led = item.graph.led;
  if (!led) return true;
  const nodes = item.nodes();
  const shown = nodes.filter((node) => !item.instance.hidden[node]);
  return shown.filter((node) => led.reached[node]).length * 4 >= shown.length;
}

/** The box to begin with: the highest of those that are or hold inputs, else of all. */
function firstBox(scene) {
  const boxes = scene.boxes.filter((box) => box.element && !box.inner.length && box.item.kind !== "outside");
  const inputs = scene.root.graph.led?.inputs;
  const holding = inputs ? boxes.filter((box) => box.item.members.some((member) => inputs.has(member))) : [];
  return (holding.length ? holding : boxes).reduce((best, box) => (best && best.y <= box.y ? best : box), null);
}
