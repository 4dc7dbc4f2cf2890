/* Draws maps over pictures, in the browser: layer, readout, iterate, opacity, scale and threshold change without a
   request, and so do the colours and the drawing of tokens that all maps of the page share (VARS.appear). A viewer is an element with data-viewer="<id>"; the server sends it a payload (app/payload.py), the controls
   send it a view: {layer, readout, t, opacity, scale: "map"|"shared", mode: "heat"|"mask", threshold,
   reference: "none" or the index of a panel that the others' difference is shown to}. */
window.VARS = window.VARS || (() => {
  const viewers = new Map();
  const START = {layer: "", readout: "contribution", t: 0, opacity: 0.6, scale: "map", mode: "heat", threshold: 0.3, reference: "none"};
  const viewer = id => {
    if (!viewers.has(id)) viewers.set(id, {id, root: null, payload: null, view: {...START}, chosen: 0, cache: new Map()});
    return viewers.get(id);
  };

  /* ---- numbers ---------------------------------------------------------------------------------------------- */

  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));  // of base64; arrays in it are little-endian

  function iterate(layer, readout, t) {  // one raw map: {values, low, high, degenerate, t}
    const record = layer.maps[readout];
    if (!record.codes) record.codes = new Uint16Array(bytes(record.data).buffer);
    const step = Math.min(t, record.low.length - 1), [h, w] = layer.grid, n = h * w;
    const low = record.low[step], high = record.high[step], values = new Float32Array(n);
    for (let i = 0; i < n; i++) values[i] = low + (high - low) * record.codes[step * n + i] / 65535;
    return {values, low, high, degenerate: record.degenerate[step], t: step, last: record.low.length - 1};
  }

  function interpolation(length, count, covered = length) {  // bilinear, align_corners = false: rows of [index, index, weight]
    return Array.from({length}, (_, i) => {
      const x = Math.min(Math.max((i + 0.5) * count / covered - 0.5, 0), count - 1), low = Math.floor(x);
      return [low, Math.min(low + 1, count - 1), x - low];
    });
  }

  function upsampling(length, size, covered, count) {  // first to the pixels that the model saw, then to the picture
    const inner = interpolation(size, count, covered), outer = interpolation(length, size);
    const matrix = new Float32Array(length * count);
    outer.forEach(([a, b, f], i) => {
      for (const [row, weight] of [[a, 1 - f], [b, f]]) {
        const [c, d, g] = inner[row];
        matrix[i * count + c] += weight * (1 - g);
        matrix[i * count + d] += weight * g;
      }
    });
    return matrix;
  }

  function squares(cache, map, grid, panel) {  // (h, w) -> (height, width): every pixel has the value of its token
    const [h, w] = grid, {height, width, size, covered = size} = panel;
    const tokens = (length, count) => {
      const key = `squares ${length} ${size} ${covered} ${count}`;
      if (!cache.has(key)) cache.set(key, Int32Array.from({length}, (_, i) => Math.min(count - 1, Math.floor((i + 0.5) / length * (count * size / covered)))));
      return cache.get(key);
    };
    const rows = tokens(height, h), columns = tokens(width, w), out = new Float32Array(height * width);
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) out[i] = map[rows[y] * w + columns[x]];
    return out;
  }

  function upsample(cache, map, grid, panel) {  // (h, w) -> (height, width)
    const [h, w] = grid, {height, width, size, covered = size} = panel;
    const matrix = (length, count) => {
      const key = `${length} ${size} ${covered} ${count}`;
      if (!cache.has(key)) cache.set(key, upsampling(length, size, covered, count));
      return cache.get(key);
    };
    const rows = matrix(height, h), columns = matrix(width, w);
    const wide = new Float32Array(h * width), out = new Float32Array(height * width);
    for (let i = 0; i < h; i++)
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let j = 0; j < w; j++) sum += map[i * w + j] * columns[x * w + j];
        wide[i * width + x] = sum;
      }
    for (let y = 0; y < height; y++)
      for (let i = 0; i < h; i++) {
        const weight = rows[y * h + i];
        if (weight === 0) continue;
        for (let x = 0; x < width; x++) out[y * width + x] += weight * wide[i * width + x];
      }
    return out;
  }

  const scaled = (map, low, high) => {
    const range = high - low;
    return map.values.map(value => range > 0 ? (value - low) / range : 0);
  };

  function correlation(a, b) {  // Pearson's; NaN where a map is constant
    const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length, x = mean(a), y = mean(b);
    let xy = 0, xx = 0, yy = 0;
    for (let i = 0; i < a.length; i++) { xy += (a[i] - x) * (b[i] - y); xx += (a[i] - x) ** 2; yy += (b[i] - y) ** 2; }
    return xy / Math.sqrt(xx * yy);
  }

  /* ---- what is shown ---------------------------------------------------------------------------------------- */

  function modeOf(state) {
    return state.view.reference !== "none" && state.payload.panels[state.view.reference] ? "difference" : state.view.mode;
  }

  function layerOf(panel, view) {
    return panel.layers.find(layer => layer.name === view.layer) ||
      panel.layers.find(layer => layer.name === panel.default_layer) || null;
  }

  function sharedRange(payload, view) {  // over all panels and iterates of this layer and readout
    let low = Infinity, high = -Infinity;
    for (const panel of payload.panels) {
      const layer = layerOf(panel, view);
      if (!layer?.maps[view.readout]) continue;
      low = Math.min(low, ...layer.maps[view.readout].low);
      high = Math.max(high, ...layer.maps[view.readout].high);
    }
    return [low, high];
  }

  const isSigned = (state, layer) => modeOf(state) === "heat" && Boolean(layer.maps[state.view.readout].signed);

  function shown(state, panel, t) {  // the map of a panel in [0, 1] (difference: [-1, 1]), and the words about it
    const {payload, view} = state, layer = layerOf(panel, view);
    if (!layer) return null;
    if (!layer.maps[view.readout]) return {layer, awaited: true, values: null};  // VARS.complete brings it
    const map = iterate(layer, view.readout, t);
    const range = view.scale === "shared" ? sharedRange(payload, view) : null;
    const unit = one => one.degenerate && !range ? one.values.map(() => 0) : scaled(one, ...(range || [one.low, one.high]));
    if (isSigned(state, layer)) {  // about zero, which is a half
      const [low, high] = range || [map.low, map.high], peak = Math.max(Math.abs(low), Math.abs(high));
      return {layer, map, values: map.values.map(value => peak > 0 && !map.degenerate ? (value / peak + 1) / 2 : 0.5), range, peak};
    }
    let values = unit(map);
    if (modeOf(state) === "difference") {
      const theirs = layerOf(payload.panels[view.reference], view);
      if (!theirs?.maps[view.readout] || theirs.grid.join() !== layer.grid.join()) return {layer, map, values: null, range};
      const reference = iterate(theirs, view.readout, t), scaledReference = unit(reference);
      values = values.map((value, i) => value - scaledReference[i]);
      return {layer, map, values, range, correlation: correlation(map.values, reference.values)};
    }
    return {layer, map, values, range};
  }

  /* ---- drawing ---------------------------------------------------------------------------------------------- */

  function paint(canvas, state, panel, values, layer) {
    canvas.width = panel.width;
    canvas.height = panel.height;
    const context = canvas.getContext("2d");
    if (!values) return;
    const {view, cache} = state, mode = modeOf(state), image = context.createImageData(panel.width, panel.height);
    const pixels = new Uint32Array(image.data.buffer), way = VARS.ways[mode];
    const asSquares = VARS.appearance.tokens === "squares" && (mode === "heat" || mode === "difference");  // a mask is cut from the smooth map
    const placed = (asSquares ? squares : upsample)(cache, values, layer.grid, panel);
    if (way) way.paint(pixels, placed, panel, view);
    else if (mode === "mask") outline(pixels, placed, panel.width, panel.height, view.threshold);
    else if (mode === "difference") {
      const colours = VARS.colours.signed;
      for (let i = 0; i < pixels.length; i++) pixels[i] = colours[Math.min(255, Math.max(0, Math.round(127.5 + 127.5 * placed[i])))];
    } else {
      const colours = VARS.coloursOf(isSigned(state, layer));
      for (let i = 0; i < pixels.length; i++) pixels[i] = colours[Math.min(255, Math.max(0, Math.round(255 * placed[i])))];
    }
    context.putImageData(image, 0, 0);
    canvas.style.opacity = way || mode === "mask" ? 1 : view.opacity;
  }

  function outline(pixels, placed, width, height, threshold) {  // dark outside the mask, a white line along it
    const dark = 0xbf000000, white = 0xffffffff, inside = i => placed[i] >= threshold;
    const thick = Math.max(1, Math.round(Math.max(width, height) / 300));
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const i = y * width + x, here = inside(i);
        pixels[i] = here ? 0 : dark;
        if (here && ((x >= thick && !inside(i - thick)) || (x < width - thick && !inside(i + thick)) ||
            (y >= thick && !inside(i - thick * width)) || (y < height - thick && !inside(i + thick * width)))) pixels[i] = white;
      }
  }

  function element(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function figure(state, panel, table) {
    const made = element("figure", "viewer-panel"), frame = element("div", "viewer-frame"), image = element("img");
    const caption = element("figcaption");
    image.src = state.payload.images[panel.image];
    image.alt = panel.alt;
    frame.style.aspectRatio = `${panel.width} / ${panel.height}`;
    frame.style.setProperty("--ratio", panel.width / panel.height);
    panel.canvas = element("canvas");
    frame.append(image, panel.canvas);
    frame.addEventListener("pointermove", event => probe(state, panel, frame, event));
    frame.addEventListener("pointerleave", () => draw(state, false));
    panel.words = element("span", "viewer-words");
    panel.noted = element("span", "viewer-note", panel.note);
    if (!table) caption.append(element("strong", "", panel.title));
    const answer = element("span", "viewer-answer", panel.answer);
    answer.dataset.changed = panel.changed ? "yes" : "no";
    caption.append(answer, panel.noted, panel.words);
    made.append(frame, caption);
    return made;
  }

  function build(state) {  // the panels of a new payload
    const {root, payload} = state;
    root.replaceChildren();
    if (!payload || !payload.panels || !payload.panels.length) {
      root.append(element("p", "viewer-empty", (payload && payload.words) || "Waiting for the first map…"));
      return;
    }
    const table = payload.heads, grid = element("div", table ? "viewer-panels viewer-table" : "viewer-panels");
    grid.style.setProperty("--columns", payload.columns || 1);
    if (table) grid.append(element("span", "viewer-corner"), ...payload.heads.map(text => element("strong", "viewer-head", text)));
    payload.panels.forEach((panel, i) => {
      if (table && i % payload.columns === 0) grid.append(element("span", "viewer-row", payload.rows[i / payload.columns]));
      grid.append(figure(state, panel, table));
    });
    state.legend = element("div", "viewer-legend");
    root.append(...(table ? [state.legend, grid] : [grid, state.legend]));
    state.strip = payload.strip ? element("div", "viewer-strip") : null;
    if (state.strip) {
      state.strip.setAttribute("role", "group");
      state.strip.setAttribute("aria-label", "All iterates");
      root.append(state.strip);
    }
  }

  function draw(state, pictures = true) {
    const {payload, view} = state;
    if (!state.root || !payload || !payload.panels || !payload.panels.length) return;
    for (const panel of payload.panels) {
      const it = shown(state, panel, view.t);
      if (pictures) paint(panel.canvas, state, panel, it && it.values, it && it.layer);
      panel.words.textContent = words(state, it);
    }
    if (pictures) legend(state);
    if (pictures && state.strip) strip(state);
    if (pictures && state.watch) state.watch(state);
  }

  function words(state, it) {
    const {view} = state;
    if (!it) return "This model has no attention layers: there is no map to show.";
    if (it.layer.words !== undefined) return it.layer.words;
    if (it.awaited) return `layer ${it.layer.name} · ${view.readout} · still being computed`;
    const step = it.map.last ? `t = ${it.map.t} of ${it.map.last}` : "one step";
    const usual = state.payload.heads && it.layer.name === view.layer;
    const place = usual ? (it.map.last ? "" : step) : `layer ${it.layer.name} · ${view.readout} · ${step}`;
    if (!it.values) return `${place} · its grid differs from the reference's: no difference to show`;
    if (it.map.degenerate) return `${place} · this map is constant, it prefers no place (degenerate)`;
    const agreement = it.correlation === undefined || isNaN(it.correlation) ? "" : `r = ${it.correlation.toFixed(2)} with the reference`;
    return [place, agreement].filter(part => part).join(" · ");
  }

  const number = value => Math.abs(value) >= 1000 || (Math.abs(value) < 0.01 && value !== 0) ? value.toExponential(2) : value.toPrecision(3);

  function legend(state) {
    const {payload, view} = state, it = shown(state, payload.panels[0], view.t);
    state.legend.replaceChildren();
    if (!it || it.awaited) return;
    const mode = modeOf(state), several = payload.panels.length > 1 || view.scale === "shared";
    let low, high, text;
    if (VARS.ways[mode]) {
      state.legend.append(...VARS.ways[mode].legend(view));
      return;
    }
    if (mode === "mask") {
      state.legend.append(element("span", "", `Bright: where the map, scaled to its own 0…1, is at least ${VARS.threshold(view.threshold)}.`));
      return;
    }
    if (mode === "difference") {
      [low, high] = ["−1", "+1"];
      text = view.scale === "shared" ? "Difference to the reference, both on one shared scale." : "Difference to the reference, each map first scaled to its own 0…1.";
    } else if (it.peak !== undefined) {
      [low, high] = several && !it.range ? ["−max", "+max"] : [`−${number(it.peak)}`, `+${number(it.peak)}`];
      text = `White is zero, vermilion above it, blue below; ${it.range ? "one scale for all" : several ? "each map has its own scale" : "the scale is this map's own"}.`;
    } else if (it.range) {
      [low, high] = it.range.map(number);
      text = payload.panels.length > 1 ? "One colour scale for all maps and iterates shown." : "One colour scale for all iterates of this layer.";
    } else {
      [low, high] = several ? ["min", "max"] : [number(it.map.low), number(it.map.high)];
      text = several ? "Each map has its own colour scale, from its minimum to its maximum." : "The colour scale is this map's own, from its minimum to its maximum.";
    }
    const bar = VARS.bar(mode === "difference" || it.peak !== undefined);
    if (payload.heads) text = `Layer ${it.layer.name}, ${view.readout}. ${text}`;
    state.legend.append(element("span", "", low), bar, element("span", "", high), element("span", "viewer-scale", text));
  }

  function strip(state) {
    const {payload, view} = state, panel = payload.panels[0], layer = layerOf(panel, view);
    if (!layer?.maps[view.readout]) return state.strip.replaceChildren();
    const count = layer.maps[view.readout].low.length, focused = state.strip.contains(document.activeElement);
    while (state.strip.children.length > count) state.strip.lastChild.remove();
    while (state.strip.children.length < count) {
      const t = state.strip.children.length, button = element("button"), frame = element("div", "viewer-frame");
      const image = element("img");
      button.type = "button";
      image.src = payload.images[panel.image];
      image.alt = "";
      frame.style.aspectRatio = `${panel.width} / ${panel.height}`;
      frame.append(image, element("canvas"));
      button.append(frame, element("span", "", `t = ${t}`));
      button.addEventListener("click", () => { state.chosen = t; state.select && state.select(); });
      state.strip.append(button);
    }
    const small = Math.min(1, 200 / Math.max(panel.width, panel.height));
    const size = {width: Math.round(panel.width * small), height: Math.round(panel.height * small), size: panel.size, covered: panel.covered};
    [...state.strip.children].forEach((button, t) => {
      const it = shown(state, panel, t), current = t === Math.min(view.t, count - 1);
      paint(button.querySelector("canvas"), state, size, it.values, it.layer);
      button.setAttribute("aria-pressed", current);
      button.setAttribute("aria-label", `iterate ${t}`);
      if (current && focused) button.focus();
    });
  }

  function probe(state, panel, frame, event) {  // the token under the pointer
    const it = shown(state, panel, state.view.t);
    if (!it || it.awaited) return;
    const box = frame.getBoundingClientRect(), [h, w] = it.layer.grid;
    const row = Math.min(h - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * h)));
    const column = Math.min(w - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * w)));
    panel.words.textContent = `token (${row}, ${column}) of ${h}×${w}: ${number(it.map.values[row * w + column])}`;
  }

  /* ---- the doors -------------------------------------------------------------------------------------------- */

  return {
    colours: {},  // by the name of a colour map: 256 numbers, which the server sends
    appearance: {colours: "viridis", tokens: "smooth"},  // of all maps on the page
    appears: [],  // told after it has changed, for pictures that are not the viewer's
    appear(change) {
      if (Object.keys(change).every(key => VARS.appearance[key] === change[key])) return;
      Object.assign(VARS.appearance, change);
      for (const state of viewers.values()) draw(state);
      for (const told of VARS.appears) told();
    },
    coloursOf: signed => VARS.colours[signed ? "signed" : VARS.appearance.colours],
    bar(signed) {  // the colours from left to right, for a legend
      const made = element("i", "viewer-bar"), bytes = new Uint8Array(VARS.coloursOf(signed).buffer);
      const colour = i => `rgb(${bytes[4 * i]},${bytes[4 * i + 1]},${bytes[4 * i + 2]})`;
      made.style.background = `linear-gradient(90deg, ${Array.from({length: 16}, (_, i) => colour(17 * i))})`;
      return made;
    },
    mount(root, id, select) {
      const state = viewer(id);
      state.root = root.querySelector("[data-viewer]");
      state.select = select;
      build(state);
      draw(state);
    },
    show(id, given) {  // a payload, or its JSON
      const state = viewer(id), payload = typeof given === "string" && given ? JSON.parse(given) : given;
      state.payload = payload && payload.panels ? payload : null;
      VARS.busy(id);
      if (!state.root) return;
      build(state);
      draw(state);
    },
    complete(id, given) {  // maps that a payload was sent without
      const state = viewer(id), {payload} = state, more = given ? JSON.parse(given) : null;
      if (!more || !payload || payload.key !== more.key) return;
      const awaited = payload.panels.some(panel => shown(state, panel, state.view.t)?.awaited);
      payload.panels.forEach((panel, i) => panel.layers.forEach((layer, j) => { layer.maps = {...more.layers[i][j].maps, ...layer.maps}; }));
      if (awaited) draw(state);
    },
    view(id, change) {
      const state = viewer(id);
      if (Object.keys(change).every(key => state.view[key] === change[key])) return;
      Object.assign(state.view, change);
      draw(state);
    },
    notes(id, notes) {  // one line under each panel, e.g. its agreement with another map
      const state = viewer(id);
      if (state.payload) state.payload.panels.forEach((panel, i) => { panel.noted.textContent = notes[i] || ""; });
    },
    paint(canvas, panel, view, t, cache) {  // one iterate of a panel over a small picture; null where it has no map
      const state = {payload: {panels: [panel]}, view: {...START, ...view}, cache}, it = shown(state, panel, t);
      if (it) paint(canvas, state, panel, it.values, it.layer);
      return it;
    },
    threshold: value => Math.abs(100 * value - Math.round(100 * value)) < 1e-6 ? value.toFixed(2) : String(value),  // never rounded
    bytes,
    regions: {BACKGROUND: 0, FOREGROUND: 1, VOID: 2},  // what a pixel of a ground truth is
    ways: {},  // further modes of the view, by name: {paint(pixels, placed, panel, view), legend(view) -> nodes}
    watch(id, told) { viewer(id).watch = told; },  // told(state) after every drawing
    chosen: id => viewer(id).chosen,
    state: id => viewer(id),
  };
})();
