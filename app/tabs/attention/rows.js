/* A row for each photograph that a visitor has loaded: its thumbnail, name and answer, then every iterate of the map that
   is shown large. The server answers a few photographs at a time (rows.py); it is asked for more when these are there,
   and never while the large map is being computed. What colours and iterates look like is drawn here. */
VARS.rows = (() => {
  const PAUSE = 1000;
  let root = null, select = () => {}, most = 16, wish = null;
  let view = {}, key = "", asking = "", waiting = null;
  const rows = new Map(), cache = new Map(), stale = new Set();  // ref -> {panel} or {error}; interpolation; refs to draw

  const part = name => root.querySelector(name);
  const all = () => VARS.rail.items("uploads");
  const listed = () => all().slice(-most);
  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const layerOf = row => row.panel?.layers[0];
  const lastOf = row => { const layer = layerOf(row); return layer ? layer.maps[view.readout].low.length - 1 : -1; };
  const last = () => Math.max(-1, ...[...rows.values()].map(lastOf));

  /* ---- what is asked ---------------------------------------------------------------------------------------- */

  function next(mapShown) {  // what the server is to be asked for now, "" for nothing
    const {photo, chosen, active, model, size, layer} = view, wanted = listed();
    const busy = !mapShown && VARS.waits.get("attention-viewer");
    if (!root || active !== "attention" || wanted.length < 2 || photo !== chosen || busy || waiting) return "";
    const now = JSON.stringify([model, size, layer]);
    if (now !== key) {
      key = now;
      asking = "";
      rows.clear();
      build();
    }
    const refs = wanted.map(one => one.ref).filter(ref => !rows.has(ref));
    return refs.length ? JSON.stringify({refs, model, size, layer, key}) : "";
  }

  function ask(mapShown) {
    const text = next(mapShown);
    if (!text || text === asking) return {};
    asking = text;
    return {asked: text};
  }

  function again() {  // asked of itself, after a while
    waiting = setTimeout(() => { waiting = null; asking = ""; select(); }, PAUSE);
  }

  function show(_, text) {
    const given = text ? JSON.parse(text) : null;
    if (!given || given.key !== key) return;
    const busy = given.rows.filter(one => one.busy);
    for (const one of given.rows) if (!one.busy) { rows.set(one.ref, one); fill(one.ref); }
    state(busy[0]?.error);
    if (busy.length) again();
    else select();
  }

  /* ---- what is shown ---------------------------------------------------------------------------------------- */

  function build() {  // a row each, without maps
    const wanted = listed(), list = part(".rows-list");
    part(".rows").hidden = wanted.length < 2;
    list.replaceChildren();
    if (wanted.length < 2) return;
    for (const {ref, title, picture} of wanted) {
      const button = element("button"), image = element("img", "rows-photo"), words = element("span", "rows-words");
      button.type = "button";
      button.dataset.ref = ref;
      image.src = picture;
      image.alt = "";
      words.append(element("strong", "", title), element("span", "rows-answer"));
      button.append(image, words, element("span", "rows-strip"));
      button.addEventListener("click", () => choose(ref));
      list.append(button);
      fill(ref);
    }
    ring();
    state();
  }

  const buttonOf = ref => [...root.querySelectorAll("[data-ref]")].find(one => one.dataset.ref === ref);

  function fill(ref) {  // one row with what has come
    const button = buttonOf(ref), row = rows.get(ref);
    if (!button || !row) return;
    const strip = button.querySelector(".rows-strip"), words = button.querySelector(".rows-answer");
    words.textContent = row.error || row.panel.answer.replace(" %", "\u00a0%");
    button.classList.toggle("refused", Boolean(row.error));
    strip.replaceChildren();
    if (row.error) return;
    for (let t = 0; t <= lastOf(row); t++) {
      const frame = element("span", "rows-frame"), image = element("img");
      frame.style.setProperty("--ratio", row.panel.width / row.panel.height);
      image.src = row.panel.image;
      image.alt = "";
      frame.append(image, element("canvas"));
      strip.append(frame);
    }
    root.style.setProperty("--iterates", last() + 1);
    draw([ref]);
    step();
  }

  function draw(refs = [...rows.keys()]) {  // a row a frame, so that the large map moves at once
    const running = stale.size;
    for (const ref of refs) stale.add(ref);
    if (!running && stale.size) requestAnimationFrame(one);
  }

  function one() {
    const [ref] = stale, row = rows.get(ref), frames = buttonOf(ref)?.querySelectorAll(".rows-frame") || [];
    stale.delete(ref);
    if (row?.panel) frames.forEach((frame, t) => {
      const it = VARS.paint(frame.lastChild, row.panel, {...view, layer: layerOf(row).name}, t, cache);
      frame.title = it.map.degenerate ? `t = ${t}: this map is constant, it prefers no place (degenerate)` : `t = ${t}`;
    });
    if (stale.size) requestAnimationFrame(one);
  }

  function step() {  // the iterate that is shown large
    const head = part(".rows-head"), count = last() + 1;
    head.replaceChildren(element("span"), element("span"), element("span", "rows-strip"));
    for (let t = 0; t < count; t++) head.lastChild.append(element("span", "", `t = ${t}`));
    for (const strip of root.querySelectorAll(".rows-strip"))
      [...strip.children].forEach((frame, t) => frame.classList.toggle("now", t === Math.min(view.t, strip.children.length - 1)));
  }

  function state(said) {
    const count = listed().length, layer = [...rows.values()].map(layerOf).find(Boolean);
    const which = count < all().length ? `The latest ${count} of ${all().length} photographs` : `${count} photographs`;
    const map = layer ? `, layer ${layer.name} · ${view.readout}, coloured as above, iterates from left to right.` : ".";
    const rest = rows.size < count ? ` ${rows.size} of ${count} are computed.` : "";
    const none = !layer && rows.size === count && [...rows.values()].some(row => row.panel) ? " This model has no attention layers: it gives answers, but no maps." : "";
    part("[role=status]").textContent = which + map + rest + none + (said ? ` ${said}.` : "");
  }

  function ring() {
    const buttons = [...root.querySelectorAll("[data-ref]")], pressed = buttons.find(one => one.dataset.ref === view.chosen);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", button === pressed);
      button.tabIndex = button === (pressed || buttons[0]) ? 0 : -1;  // Tab comes to one, the arrows to the others
    }
  }

  function choose(ref) {
    wish = ref;
    buttonOf(ref).focus();
    select();
  }

  function moved(event) {
    const buttons = [...root.querySelectorAll("[data-ref]")], at = buttons.indexOf(event.target);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1}[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    if (buttons[to]) choose(buttons[to].dataset.ref);
  }

  return {
    mount(element, count, told) {
      [root, most, select] = [element, count, told];
      part(".rows-list").addEventListener("keydown", moved);
      VARS.rail.told.push(id => { if (id === "uploads") { build(); select(); } });
      VARS.appears.push(() => draw());
    },
    show,
    view(given, mapShown = false) {
      const before = view;
      view = given;
      if (root && before.chosen !== view.chosen) ring();
      if (root && before.t !== view.t) step();
      if (root && before.readout !== view.readout) { state(); [...rows.keys()].forEach(fill); }
      else if (root && ["opacity", "scale"].some(name => before[name] !== view[name])) draw();
      return ask(mapShown);
    },
    picked(given) {
      const chosen = wish;
      wish = null;
      return {...VARS.rows.view(given), ...(chosen ? {chosen} : {})};
    },
  };
})();
