/* The closer look: a click on the map chooses a token, small pictures show every head. The server sends the maps of all
   heads of the layers that were traced (closer_words.py); the controls send a view: {whose, token "y,x" in shares of the
   picture, head, layer, t, readout}. */
VARS.closer = (() => {
  const VIEWER = "attention-closer", MAIN = "attention";
  const view = {whose: "off", token: "", head: "all", layer: "", t: 3, readout: "contribution"};
  let root = null, select = () => {}, data = null, chosen = {};

  const isShown = layer => layer.name === view.layer;
  const layers = () => (data ? data.layers : []);
  const current = () => layers().find(isShown) || layers().find(layer => layer.name === data.view.panels[0].default_layer) || layers()[0];

  function codes(record, n, t) {  // of one iterate: values in [0, 1], and where zero lies
    if (!record.codes) record.codes = new Uint16Array(VARS.bytes(record.data).buffer);
    const step = Math.min(t, record.low.length - 1), low = record.low[step], high = record.high[step];
    return {of: record.codes.subarray(step * n, (step + 1) * n), low, high};
  }

  function paint(canvas, layer, maps) {
    const [height, width] = layer.grid, {of, low, high} = codes(maps[view.readout], height * width, view.t);
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d"), image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    const signed = maps[view.readout].signed, peak = Math.max(Math.abs(low), Math.abs(high));
    const about = code => peak > 0 ? Math.round(127.5 + 127.5 * (low + (high - low) * code / 65535) / peak) : 128;
    const colours = VARS.coloursOf(signed);
    for (let i = 0; i < pixels.length; i++) pixels[i] = colours[signed ? about(of[i]) : high > low ? Math.round(of[i] / 257) : 0];
    context.putImageData(image, 0, 0);
  }

  function thumbnails() {
    const place = root.querySelector(".closer-heads");
    place.replaceChildren();
    for (const layer of layers()) {
      const row = document.createElement("div"), name = document.createElement("strong");
      name.textContent = layer.name;
      row.append(name);
      layer.heads.forEach((maps, head) => {
        const button = document.createElement("button"), canvas = document.createElement("canvas");
        button.type = "button";
        button.dataset.layer = layer.name;
        button.dataset.head = head;
        button.title = `layer ${layer.name}, head ${head}`;
        button.setAttribute("aria-label", button.title);
        button.style.aspectRatio = `${layer.grid[1]} / ${layer.grid[0]}`;
        button.append(canvas);
        button.addEventListener("click", () => {
          const again = view.head === String(head) && isShown(layer);
          chosen = {head: again ? "all" : String(head), layer: layer.name};
          select();
        });
        row.append(button);
      });
      place.append(row);
    }
    repaint();
  }

  function repaint() {
    if (!root || !data) return;
    root.querySelectorAll(".closer-heads button").forEach(button => {
      const layer = layers().find(one => one.name === button.dataset.layer);
      paint(button.firstChild, layer, layer.heads[button.dataset.head]);
      const pressed = button.dataset.head === view.head && layer === current();
      button.setAttribute("aria-pressed", pressed);
    });
  }

  function enlarge() {  // the chosen head, or all of them, over the picture
    if (!data) return VARS.show(VIEWER, null);
    const maps = layer => layer.heads[view.head] || layer.maps;
    data.view.panels[0].layers = layers().map(layer => ({name: layer.name, grid: layer.grid, maps: maps(layer)}));
    const title = data.title + (current().heads[view.head] ? ` · head ${view.head}` : "");
    data.view.panels[0].title = title;
    VARS.show(VIEWER, data.view);
  }

  function mark(state) {  // the token that listens, on the large picture; a click there chooses another
    const frame = state.root.querySelector(".viewer-panel .viewer-frame"), panel = state.payload.panels[0];
    const layer = panel.layers.find(one => one.name === state.view.layer) || panel.layers.find(one => one.name === panel.default_layer);
    if (!frame || !layer) return;
    if (!frame.dataset.keys) {
      const place = (across, down) => { chosen = {whose: "token", token: `${down.toFixed(3)},${across.toFixed(3)}`}; select(); };
      frame.addEventListener("click", event => {
        const box = frame.getBoundingClientRect();
        place(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)), Math.min(1, Math.max(0, (event.clientY - box.top) / box.height)));
      });
      VARS.cross(frame, {place, name: "Map, to choose a token on", keys: "Arrow keys move the cross, Enter asks what the token there listens to"});
    }
    frame.querySelector(".token")?.remove();
    if (view.whose !== "token") return;
    const [y, x] = (view.token || "0.5,0.5").split(",").map(Number), [h, w] = layer.grid, made = document.createElement("i");
    made.className = "token";
    made.style.cssText = `left:${100 * Math.min(w - 1, Math.floor(x * w)) / w}%;top:${100 * Math.min(h - 1, Math.floor(y * h)) / h}%;width:${100 / w}%;height:${100 / h}%`;
    frame.append(made);
  }

  VARS.watch(MAIN, mark);
  VARS.appears.push(repaint);
  return {
    mount(element, told) {
      root = element;
      select = told;
      VARS.mount(element, VIEWER, () => {});
      thumbnails();
    },
    show(value) {
      data = value && value.view ? value : null;
      if (data) data.title = data.view.panels[0].title;
      if (!root) return;
      root.querySelector(".closer").classList.toggle("empty", !data);
      enlarge();
      thumbnails();
    },
    view(change) {
      const before = {...view};
      Object.assign(view, change);
      document.body.dataset.whose = view.whose;  // controls of a question that is not asked are away (style.css)
      if (view.head !== before.head || view.layer !== before.layer) enlarge();
      repaint();
      const main = VARS.state(MAIN);
      if (main.root && main.payload && main.payload.panels.length) mark(main);
    },
    key: ({photo, model, size, layer, whose, token, index}) =>
      whose === "off" ? "" : JSON.stringify([photo, model, size, layer, whose, whose === "token" ? token : "", whose === "class" ? index : ""]),
    async copy(button, sent) {  // [number, text]: the same text twice is two clicks
      if (!sent) return;
      const text = JSON.parse(sent)[1], made = document.querySelector(`#${button}`), label = made.textContent;
      try { await navigator.clipboard.writeText(text); } catch { prompt("Copy this", text); }
      made.textContent = "Copied";
      setTimeout(() => { made.textContent = label; }, 2500);
    },
    picked(given) {
      const answer = {...given, ...chosen};
      chosen = {};
      return answer;
    },
  };
})();
