/* The atoms of a dictionary as small pictures. The server sends all atoms of a layer and their use at every iterate
   (words.py); the controls send a view: {head, part, sort, t, scale, p, atom}. What is chosen, and in
   which order, is the same as in order.py. */
VARS.dictionary = (() => {
  const LARGE = "dictionary-large";
  const view = {head: "all", part: "all", sort: "use", t: 3, scale: "own", page: 1, atom: ""};
  let root = null, select = () => {}, data = null, wanted = {page: 1, atom: ""}, enlarged = {};

  /* ---- atoms: numbered group by group ----------------------------------------------------------------------- */

  const place = i => [Math.floor(i / data.atoms), i % data.atoms];
  const isDynamic = i => i % data.atoms < data.dynamic;
  const step = () => Math.min(view.t, data.steps);
  const useAt = t => data.use.subarray(t * data.groups * data.atoms, (t + 1) * data.groups * data.atoms);
  const activeAt = t => data.active.subarray(t * data.groups * data.atoms, (t + 1) * data.groups * data.atoms);
  const address = i => place(i).join(":");

  function chosen() {
    const each = data.convolutional ? data.channels : 1, mixed = data.dynamic > 0 && data.dynamic < data.atoms, found = [];
    const every = !view.head || view.head === "all" || view.head * each >= data.groups;  // a head of another layer is no head
    const [first, last] = every ? [0, data.groups] : [view.head * each, Math.min(data.groups, (Number(view.head) + 1) * each)];
    for (let i = first * data.atoms; i < last * data.atoms; i++)
      if (!mixed || view.part === "all" || isDynamic(i) === (view.part === "dynamic")) found.push(i);
    const use = useAt(step());
    return view.sort === "index" ? found : found.sort((a, b) => use[b] - use[a] || a - b);
  }

  function name(i) {
    const [group, atom] = place(i);
    return data.convolutional ? `channel ${group}, kernel ${atom}` : `head ${group}, ${isDynamic(i) ? "dynamic" : "static"} atom ${atom}`;
  }

  /* ---- colours ---------------------------------------------------------------------------------------------- */

  function limits(atoms, dynamic) {  // static atoms are signed: their scale lies about 0
    const {low, high} = data.maps, own = atoms.filter(i => isDynamic(i) === dynamic);
    const bottom = own.reduce((least, i) => Math.min(least, low[i]), Infinity);
    const top = own.reduce((most, i) => Math.max(most, high[i]), -Infinity);
    const peak = Math.max(Math.abs(bottom), Math.abs(top)) || 1;
    return dynamic ? [bottom, top] : [-peak, peak];
  }

  function value(i, k) {  // of atom i at token k
    const {low, high, codes} = data.maps, n = data.grid[0] * data.grid[1];
    return low[i] + (high[i] - low[i]) * codes[i * n + k] / 65535;
  }

  function paint(canvas, i, [bottom, top]) {
    const [height, width] = data.grid, colours = VARS.coloursOf(!isDynamic(i));
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d"), image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    for (let k = 0; k < pixels.length; k++)
      pixels[k] = colours[Math.min(255, Math.max(0, Math.round(top > bottom ? 255 * (value(i, k) - bottom) / (top - bottom) : 0)))];
    context.putImageData(image, 0, 0);
  }

  /* ---- drawing ---------------------------------------------------------------------------------------------- */

  const number = x => x === 0 ? "0" : x >= 1000 || x < 0.001 ? x.toExponential(1) : x.toPrecision(3);
  const short = x => x !== 0 && x < 0.001 ? x.toExponential(0) : x < 1 ? x.toFixed(3) : x.toPrecision(3);  // fits under a tile
  const part = key => root.querySelector(`[data-show="${key}"]`);

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function draw() {
    if (!root) return;
    const told = data ? "" : root.dataset.words || "Waiting for the first dictionary…";
    part("words").textContent = told;
    root.classList.toggle("empty", !data);
    if (!data) return;
    const order = chosen(), pages = Math.max(1, Math.ceil(order.length / data.page)), page = Math.min(view.page, pages);
    const shown = order.slice((page - 1) * data.page, page * data.page);
    const current = order.find(i => address(i) === view.atom) ?? order[0];
    tiles(shown, order, current);
    pager(order, shown, page, pages);
    legend(order);
    large(current);
    facts(current);
    profile(order, page);
  }

  function tiles(shown, order, current) {
    const grid = part("atoms"), use = useAt(step()), most = order.reduce((top, i) => Math.max(top, use[i]), 0) || 1;
    const shared = view.scale === "shared" ? [true, false].map(dynamic => limits(order, dynamic)) : null;
    while (grid.children.length > shown.length) grid.lastChild.remove();
    while (grid.children.length < shown.length) {
      const button = element("button");
      button.type = "button";
      button.append(element("canvas"), element("i"), element("span"), element("b"));
      grid.append(button);
    }
    shown.forEach((i, n) => {
      const button = grid.children[n], [canvas, bar, label, amount] = button.children;
      paint(canvas, i, shared ? shared[isDynamic(i) ? 0 : 1] : limits([i], isDynamic(i)));
      bar.style.setProperty("--share", use[i] / most);
      label.textContent = address(i);
      amount.textContent = short(use[i]);
      button.dataset.atom = address(i);
      button.className = isDynamic(i) ? "dynamic" : "static";
      button.title = name(i);
      button.setAttribute("aria-label", `${name(i)}, use ${number(use[i])}`);
      button.setAttribute("aria-pressed", i === current);
    });
  }

  function pager(order, shown, page, pages) {
    const first = (page - 1) * data.page, sorted = view.sort === "use" ? `by use at t = ${step()}` : "by index";
    part("count").textContent = `${first + 1}–${first + shown.length} of ${order.length} ${data.convolutional ? "kernels" : "atoms"}, ${sorted}`;
    part("back").disabled = page === 1;
    part("on").disabled = page === pages;
    part("pages").hidden = pages === 1;
    part("page").textContent = `${page} of ${pages}`;
    wanted = {page, atom: view.atom};
  }

  function legend(order) {
    const ends = dynamic => view.scale === "shared" ? limits(order, dynamic).map(one => (one < 0 ? "−" : "") + number(Math.abs(one))) : dynamic ? ["min", "max"] : ["−peak", "+peak"];
    const entry = (dynamic, text) => {
      const made = element("span", "entry"), [bottom, top] = ends(dynamic);
      made.append(element("span", "", text), element("span", "", bottom), VARS.bar(!dynamic), element("span", "", top));
      return made;
    };
    const scale = view.scale === "shared" ? "One colour scale for all atoms chosen" : "Each atom has its own colour scale";
    const box = part("legend");
    box.replaceChildren();
    if (order.some(isDynamic)) box.append(entry(true, "dynamic Φ"));
    if (!order.every(isDynamic)) box.append(entry(false, data.convolutional ? "kernels" : "static A"));
    box.append(element("span", "viewer-scale", `${scale}. Bars: use, the mean |u|, as a share of the largest.`));
  }

  function large(i) {  // one atom over the photograph, by the viewer that all tabs have
    if (enlarged.data === data && enlarged.i === i) return;
    enlarged = {data, i};
    const dynamic = isDynamic(i), n = data.grid[0] * data.grid[1], [bottom, top] = limits([i], dynamic), codes = new Uint16Array(n);
    const range = top - bottom;
    for (let k = 0; k < n; k++) codes[k] = range > 0 ? Math.round(65535 * (value(i, k) - bottom) / range) : 0;
    const note = data.convolutional ? "Its code stands at the grid's centre; the layer has one at every token." : "";
    const layer = {
      name: data.layer, grid: data.grid, words: "",
      maps: {atom: {low: [bottom], high: [top], degenerate: [range === 0], codes, signed: !dynamic}},
    };
    VARS.view(LARGE, {layer: data.layer, readout: "atom", t: 0, mode: "heat", opacity: 0.65});
    VARS.show(LARGE, {images: [data.image], columns: 1, panels: [{
      title: name(i), note, alt: data.alt, image: 0, height: data.height, width: data.width, size: data.size, layers: [layer], default_layer: data.layer,
    }]});
  }

  function facts(i) {
    const rows = Array.from({length: data.steps + 1}, (_, t) => {
      const row = element("tr", t === step() ? "seen" : ""), head = element("th", "", t);
      head.scope = "row";
      row.append(head, element("td", "", number(useAt(t)[i])), element("td", "", `${(100 * activeAt(t)[i]).toFixed(0)} %`));
      return row;
    });
    part("facts").replaceChildren(...rows);
  }

  /* ---- use of the atoms, sorted ----------------------------------------------------------------------------- */

  const FRAME = {left: 40, right: 312, top: 8, bottom: 112};

  function profile(order, page) {
    const svg = root.querySelector("svg"), curves = Array.from({length: data.steps + 1}, (_, t) => Float32Array.from(order, i => useAt(t)[i]).sort().reverse());
    const top = Math.max(...curves.map(curve => curve[0])) || 1, count = order.length;
    const across = rank => FRAME.left + (FRAME.right - FRAME.left) * rank / Math.max(1, count - 1);
    const up = use => FRAME.bottom - (FRAME.bottom - FRAME.top) * use / top;
    const add = (tag, attributes, text) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, one] of Object.entries(attributes)) node.setAttribute(key, one);
      if (text !== undefined) node.textContent = text;
      svg.append(node);
    };
    svg.replaceChildren();
    const first = (page - 1) * data.page, last = Math.min(count, page * data.page) - 1;
    if (view.sort === "use" && count > data.page)
      add("rect", {class: "page", x: across(first), width: across(last) - across(first), y: FRAME.top, height: FRAME.bottom - FRAME.top});
    for (const share of [0, 0.5, 1]) {
      add("line", {class: "grid", x1: FRAME.left, x2: FRAME.right, y1: up(share * top), y2: up(share * top)});
      add("text", {x: FRAME.left - 6, y: up(share * top) + 4, "text-anchor": "end"}, number(share * top));
    }
    add("text", {x: FRAME.left, y: FRAME.bottom + 16}, "1");
    add("text", {x: FRAME.right, y: FRAME.bottom + 16, "text-anchor": "end"}, count);
    add("text", {x: (FRAME.left + FRAME.right) / 2, y: FRAME.bottom + 16, "text-anchor": "middle"}, "rank of the atom");
    const path = curve => Array.from(curve, (use, rank) => `${rank ? "L" : "M"}${across(rank).toFixed(1)} ${up(use).toFixed(1)}`).join("");
    curves.forEach((curve, t) => { if (t !== step()) add("path", {class: "other", d: path(curve)}); });
    add("path", {class: "curve", d: path(curves[step()])});
  }

  /* ---- the doors -------------------------------------------------------------------------------------------- */

  const unpack = text => new Float32Array(VARS.bytes(text).buffer);

  VARS.appears.push(draw);
  return {
    mount(element, chose) {
      root = element.querySelector(".dictionary");
      select = chose;
      VARS.mount(element, LARGE, () => {});
      const turn = by => { wanted = {page: wanted.page + by, atom: view.atom}; select(); };
      part("back").addEventListener("click", () => turn(-1));
      part("on").addEventListener("click", () => turn(1));
      part("atoms").addEventListener("click", event => {
        const button = event.target.closest("button");
        if (!button) return;
        wanted = {page: wanted.page, atom: button.dataset.atom};
        select();
      });
      draw();
    },
    show(payload) {
      data = payload && payload.maps ? payload : null;
      if (root) root.dataset.words = (payload && payload.words) || "";
      if (data && typeof data.use === "string") {
        data.maps.codes = new Uint16Array(VARS.bytes(data.maps.data).buffer);
        data.use = unpack(data.use);
        data.active = unpack(data.active);
      }
      draw();
    },
    view(change) {
      Object.assign(view, change, {page: Math.max(1, Number(change.p) || 1)});
      draw();
    },
    chosen: () => ({p: String(wanted.page), atom: wanted.atom}),  // what a click asked for
  };
})();
