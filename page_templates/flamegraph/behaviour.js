"use strict";
(() => {
  const HEIGHT = 20, NARROWEST = 0.6;
  const data = JSON.parse(document.getElementById("data").textContent);
  const graph = document.getElementById("graph"), about = document.getElementById("about");
  const search = document.getElementById("search"), found = document.getElementById("found");
  const out = document.getElementById("out"), turn = document.getElementById("turn");

  // Nodes come as [name, module, part, weight, own, children]; names are numbers in a list of texts.
  const grow = ([name, module, part, weight, own, children], parent) => {
    const node = { name: data.texts[name], module: data.texts[module], part: data.parts[part], weight, own, parent,
      depth: parent ? parent.depth + 1 : 0, element: null };
    node.children = children.map((child) => grow(child, node));
    return node;
  };
  const root = grow(data.root, null);
  let focus = root, current = root, wanted = "", upsideDown = false, shown = [];

  const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)} %` : "");
  const scaled = (weight, [step, ...units]) => {
    let unit = units.shift();
    while (units.length && weight >= step) { weight /= step; unit = units.shift(); }
    return `${weight.toLocaleString("en", { maximumFractionDigits: 2 })} ${unit}`;
  };
  const amount = (weight) => {
    if (data.unit === "duration") {
      return weight < 1e9 ? scaled(weight, [1000, "ns", "µs", "ms"]) : scaled(weight / 1e9, [60, "s", "min", "h"]);
    }
    return data.unit === "size" ? scaled(weight, [1024, "bytes", "KiB", "MiB", "GiB", "TiB"])
      : `${weight.toLocaleString("en")} ${weight === 1 ? data.unit.replace(/s$/, "") : data.unit}`;
  };
  const matches = (node) => wanted !== "" && node.depth > 0 && node.name.toLowerCase().includes(wanted);

  const hueOf = (text) => {
    let hash = 7;
    for (const letter of text) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
    return 20 + (hash % 80);
  };

  const describe = (node) => {
    const inside = node.module && !node.name.startsWith("[") ? ` in ${node.module}` : "";
    const shares = [`${amount(node.weight)}, ${percent(node.weight, root.weight)} of all`];
    if (node.parent && node.parent !== root) shares.push(`${percent(node.weight, node.parent.weight)} of its caller`);
    if (node.own && node.own !== node.weight) shares.push(`${percent(node.own, root.weight)} itself`);
    return [node.name, `${inside}: ${shares.join(", ")}`];
  };

  const tell = (node) => {
    const [name, rest] = describe(node);
    const strong = document.createElement("b");
    strong.textContent = name;
    about.replaceChildren(strong, rest);
  };

  const place = (node, left, width, line, total) => {
    const element = document.createElement("div"), pixels = (width * graph.clientWidth) / 100;
    element.className = `call ${node.part}${node.depth < focus.depth ? " above" : ""}`;
    if (pixels < 12) element.classList.add("thin");
    if (node.part === "user") element.style.setProperty("--hue", hueOf(node.module));
    if (matches(node)) element.classList.add("match");
    element.style.left = `${left}%`;
    element.style.width = `${width}%`;
    element.style.top = `${(upsideDown ? total - 1 - line : line) * HEIGHT}px`;
    element.textContent = pixels < 24 ? "" : node.name;
    element.setAttribute("role", "treeitem");
    element.setAttribute("aria-level", node.depth + 1);
    element.setAttribute("aria-label", describe(node).join(""));
    element.tabIndex = node === current ? 0 : -1;
    element.node = node;
    node.element = element;
    return element;
  };

  // What is wide enough to be seen: the callers of the one in focus in full, and all it leads to.
  const visible = () => {
    const list = [];
    for (let above = focus.parent; above; above = above.parent) list.push([above, 0, 100]);
    const least = (100 * NARROWEST) / Math.max(graph.clientWidth, 1);
    const waiting = [[focus, 0, 100]];
    while (waiting.length) {
      const [node, left, width] = waiting.pop();
      list.push([node, left, width]);
      let at = left;
      for (const child of node.children) {
        const share = (width * child.weight) / node.weight;
        if (share >= least) waiting.push([child, at, share]);
        at += share;
      }
    }
    return list;
  };

  const draw = () => {
    for (const node of shown) node.element = null;
    const list = visible(), total = Math.max(...list.map(([node]) => node.depth)) + 1;
    if (!list.some(([node]) => node === current)) current = focus;
    graph.style.height = `${total * HEIGHT}px`;
    graph.classList.toggle("searching", wanted !== "");
    graph.replaceChildren(...list.map(([node, left, width]) => place(node, left, width, node.depth, total)));
    shown = list.map(([node]) => node);
    out.disabled = focus === root;
  };

  const zoom = (node) => {
    const inside = graph.contains(document.activeElement);
    focus = current = node;
    draw();
    tell(node);
    if (inside) node.element.focus();
  };

  // A recursive function is counted once, where it is outermost.
  const matched = (node) => (matches(node) ? node.weight : node.children.reduce((sum, child) => sum + matched(child), 0));

  const look = () => {
    wanted = search.value.trim().toLowerCase();
    const weight = matched(root);
    found.textContent = wanted === "" ? "" : weight ? `${amount(weight)}, ${percent(weight, root.weight)}` : "nothing";
    draw();
  };

  const step = (key) => {
    const inner = upsideDown ? "ArrowUp" : "ArrowDown", outer = upsideDown ? "ArrowDown" : "ArrowUp";
    const drawn = (nodes) => nodes.filter((node) => node.element);
    if (key === outer) return current.parent;
    if (key === inner) return drawn(current.children).sort((a, b) => b.weight - a.weight)[0];
    const row = drawn(shown).filter((node) => node.depth === current.depth)
      .sort((a, b) => a.element.offsetLeft - b.element.offsetLeft);
    return row[row.indexOf(current) + (key === "ArrowRight" ? 1 : -1)];
  };

  const moveTo = (node) => {
    if (!node || !node.element) return;
    current.element.tabIndex = -1;
    current = node;
    node.element.tabIndex = 0;
    node.element.focus();
  };

  graph.addEventListener("click", (event) => { if (event.target.node) zoom(event.target.node); });
  graph.addEventListener("mouseover", (event) => { if (event.target.node) tell(event.target.node); });
  graph.addEventListener("focusin", (event) => { if (event.target.node) { current = event.target.node; tell(current); } });
  graph.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) moveTo(step(event.key));
    else if (event.key === "Enter" || event.key === " ") zoom(current);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== search) { event.preventDefault(); search.focus(); search.select(); }
    if (event.key !== "Escape") return;
    if (search.value) { search.value = ""; look(); } else if (focus !== root) zoom(focus.parent);
  });
  search.addEventListener("input", look);
  out.addEventListener("click", () => zoom(root));
  turn.addEventListener("click", () => {
    upsideDown = !upsideDown;
    turn.setAttribute("aria-pressed", upsideDown);
    draw();
  });
  new ResizeObserver(draw).observe(graph.parentElement);
  draw();
  tell(root);
})();
