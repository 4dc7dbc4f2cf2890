/* The Segmentation tab in the browser: ways to show a mask, and the numbers at the chosen threshold. The server counts
   every threshold at once (words.py), so moving the slider is drawing and looking up. The truth that
   the mask is held against is drawn in truth.js. */
VARS.segmentation = (() => {
  const {FOREGROUND, VOID} = VARS.regions;
  const tabs = new Map();
  const percent = share => `${(100 * share).toFixed(2)} %`;
  const count = n => n.toLocaleString("en");
  const abgr = ([r, g, b], alpha) => ((Math.round(255 * alpha) << 24) | (b << 16) | (g << 8) | r) >>> 0;

  function tab(id) {
    if (tabs.has(id)) return tabs.get(id);
    const made = {id, truth: VARS.truth(id), scores: null, root: null};
    tabs.set(id, made);
    VARS.watch(id, state => { made.truth.watch(state); numbers(made, state.view); });
    document.addEventListener("input", event => {  // the slider at once: the framework tells of it later
      const value = Number(event.target.value);
      if (event.target.closest(`#${id}-threshold`) && value >= 0 && value <= 1) VARS.view(id, {threshold: value});
    }, true);
    return made;
  }

  /* ---- ways to show a mask ---------------------------------------------------------------------------------- */

  const boundary = (inside, x, y, width, height) =>
    (x > 0 && !inside(y * width + x - 1)) || (x < width - 1 && !inside(y * width + x + 1)) ||
    (y > 0 && !inside((y - 1) * width + x)) || (y < height - 1 && !inside((y + 1) * width + x));

  function line(pixels, inside, {width, height}, colour) {  // two pixels wide: on the mask's edge, and dark just outside it
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        if (inside(i)) { if (boundary(inside, x, y, width, height)) pixels[i] = colour; }
        else if (boundary(j => !inside(j), x, y, width, height)) pixels[i] = 0xa0000000;
      }
  }

  const reach = (placed, view) => { const edge = Math.fround(view.threshold); return i => placed[i] >= edge; };

  const ways = {
    contour: {
      paint: (pixels, placed, panel, view) => line(pixels, reach(placed, view), panel, 0xffffffff),
      legend: view => [`The line: where the map, scaled to its own 0…1, reaches ${VARS.threshold(view.threshold)}.`],
    },
    cutout: {  // what is left out becomes a chequered ground
      paint(pixels, placed, {width}, view) {
        const inside = reach(placed, view);
        for (let i = 0; i < pixels.length; i++)
          if (!inside(i)) pixels[i] = ((i % width >> 3) + (Math.floor(i / width) >> 3)) & 1 ? 0xffd9d9d9 : 0xfff2f2f2;
      },
      legend: view => [`Kept: where the map, scaled to its own 0…1, is at least ${VARS.threshold(view.threshold)}.`],
    },
    errors: {
      paint(pixels, placed, panel, view) {
        const {truth, colours} = view, inside = reach(placed, view);
        if (!truth || truth.length !== pixels.length) return line(pixels, inside, panel, 0xffffffff);
        const tp = abgr(colours.tp, 0.6), fp = abgr(colours.fp, 0.6), fn = abgr(colours.fn, 0.6);
        for (let i = 0; i < pixels.length; i++) {
          if (truth[i] === VOID) pixels[i] = 0x90808080;
          else if (inside(i)) pixels[i] = truth[i] === FOREGROUND ? tp : fp;
          else if (truth[i] === FOREGROUND) pixels[i] = fn;
        }
      },
      legend(view) {
        if (!view.truth) return ["Without a ground truth there are no errors to show: the line is the mask."];
        return [...[["tp", "found (TP)"], ["fp", "too much (FP)"], ["fn", "missed (FN)"]].map(([key, name]) => {
          const entry = document.createElement("span"), swatch = document.createElement("i");
          entry.className = "key";
          swatch.style.background = `rgb(${view.colours[key]})`;
          entry.append(swatch, name);
          return entry;
        }), "Grey is void and counts nowhere."];
      },
    },
    truth: {
      paint(pixels, placed, panel, view) {
        const {truth, colours} = view;
        if (!truth || truth.length !== pixels.length) return;
        const tint = abgr(colours.fn, 0.35);
        for (let i = 0; i < pixels.length; i++) pixels[i] = truth[i] === VOID ? 0x90808080 : truth[i] === FOREGROUND ? tint : 0;
        line(pixels, i => truth[i] === FOREGROUND, panel, 0xffffffff);
      },
      legend: view => [view.truth ? "The ground truth alone, without the map's mask." : "No ground truth yet: choose a tool and draw on the photograph."],
    },
  };
  Object.assign(VARS.ways, ways);

  /* ---- the numbers ------------------------------------------------------------------------------------------ */

  const share = (scores, {tp, fp}) => scores.foreground + fp ? tp / (scores.foreground + fp) : 1;
  const iou = (scores, at, k) => share(scores, {tp: at.tp[k], fp: at.fp[k]});
  const isHundredth = threshold => Math.abs(100 * threshold - Math.round(100 * threshold)) < 1e-6;

  function counted(scores, i, threshold) {  // {tp, fp} of an iterate; null for a threshold that the server has to count first
    const at = scores.at[i], k = Math.round(100 * threshold);
    if (isHundredth(threshold)) return {tp: at.tp[k], fp: at.fp[k]};
    return scores.finer?.threshold === threshold ? scores.finer.at[i] : null;
  }

  function numbers(t, view) {
    const {root, scores} = t;
    if (!root || !scores) return;
    const show = (name, text) => { const node = root.querySelector(`[data-show="${name}"]`); if (node.textContent !== text) node.textContent = text; };
    const i = Math.min(view.t, scores.at.length - 1), at = scores.at[i], counts = at && counted(scores, i, view.threshold);
    const current = counts && scores.readout === view.readout && (!view.layer || scores.layer === view.layer);
    root.classList.toggle("stale", !current);
    root.classList.toggle("without-truth", !scores.given || !counts);
    show("words", scores.words);
    root.querySelector("svg").replaceChildren();
    if (!counts) return show("pixels", at ? `Counting at ${VARS.threshold(view.threshold)}…` : "");
    const {tp, fp} = counts, fn = scores.foreground - tp;
    if (!scores.given) return show("pixels", `At ${VARS.threshold(view.threshold)} the mask covers ${percent(fp / scores.pixels)} of the photograph.`);
    const part = n => percent(scores.pixels ? n / scores.pixels : 0), reached = share(scores, counts), curve = at.tp.map((_, i) => iou(scores, at, i));
    const best = curve.indexOf(Math.max(...curve));
    show("iou", percent(reached));
    show("fp", part(fp));
    show("fn", part(fn));
    show("pixels", `TP ${count(tp)} · FP ${count(fp)} · FN ${count(fn)} · void ${count(scores.void)} pixels.`);
    show("best", `Best single threshold, chosen with the ground truth in hand (oracle): ${(best / 100).toFixed(2)}, IoU ${percent(curve[best])}.`);
    show("baselines", `For scale: ${scores.baselines.map(one => `${one.name} ${percent(one.iou / 100)}`).join(", ")}.`);
    chart(t, scores, view, curve, reached, best);
  }

  const FRAME = {left: 38, right: 312, top: 8, bottom: 138};
  const across = k => FRAME.left + (FRAME.right - FRAME.left) * k / 100;

  function chart(t, scores, view, curve, reached, best) {
    const svg = t.root.querySelector("svg"), top = Math.max(0.1, ...scores.at.flatMap(at => at.tp.map((_, i) => iou(scores, at, i))));
    const ceiling = Math.min(1, Math.ceil(top * 10) / 10), up = value => FRAME.bottom - (FRAME.bottom - FRAME.top) * value / ceiling;
    const add = (name, attributes, text) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      if (text !== undefined) node.textContent = text;
      svg.append(node);
    };
    const path = values => values.map((value, i) => `${i ? "L" : "M"}${across(i).toFixed(1)} ${up(value).toFixed(1)}`).join("");
    for (const part of [0, 0.5, 1]) {
      add("line", {class: "grid", x1: FRAME.left, x2: FRAME.right, y1: up(part * ceiling), y2: up(part * ceiling)});
      add("text", {x: FRAME.left - 6, y: up(part * ceiling) + 4, "text-anchor": "end"}, `${Math.round(100 * part * ceiling)} %`);
    }
    for (const at of [0, 50, 100]) add("text", {x: across(at), y: FRAME.bottom + 16, "text-anchor": "middle"}, at / 100);
    add("text", {x: across(75), y: FRAME.bottom + 16, "text-anchor": "middle"}, "threshold");
    scores.at.forEach((at, i) => { if (i !== Math.min(view.t, scores.at.length - 1)) add("path", {class: "other", d: path(at.tp.map((_, j) => iou(scores, at, j)))}); });
    add("path", {class: "curve", d: path(curve)});
    add("line", {class: "chosen", x1: across(100 * view.threshold), x2: across(100 * view.threshold), y1: FRAME.top, y2: FRAME.bottom});
    add("circle", {class: "best", cx: across(best), cy: up(curve[best]), r: 4});
    add("circle", {class: "point", cx: across(100 * view.threshold), cy: up(reached), r: 5});
    svg.setAttribute("aria-label", `IoU against the threshold; at ${VARS.threshold(view.threshold)} it is ${percent(reached)}`);
  }

  return {
    mount(element, id, select) {
      const t = tab(id);
      t.root = element.querySelector(".scores");
      const choose = event => {
        const box = t.root.querySelector("svg").getBoundingClientRect(), x = (event.clientX - box.left) / box.width * 320;
        t.threshold = Math.min(100, Math.max(0, Math.round((x - FRAME.left) / (FRAME.right - FRAME.left) * 100))) / 100;
        select();
      };
      const svg = t.root.querySelector("svg");
      svg.addEventListener("pointerdown", choose);
      svg.addEventListener("pointermove", event => { if (event.buttons) choose(event); });
    },
    show(id, scores) {
      const t = tab(id);
      t.scores = scores && scores.at ? scores : null;
      if (!t.scores) return;
      VARS.view(id, {colours: scores.colours});
      t.truth.show(scores);
      numbers(t, VARS.state(id).view);
    },
    uncounted: (id, threshold) => !isHundredth(threshold) && tab(id).scores?.finer?.threshold !== threshold ? {renewed: String(Math.random())} : {},
    drawing: id => tab(id).truth.address(),
    undo: id => tab(id).truth.undo(),
    clear: id => tab(id).truth.clear(),
    threshold: id => tab(id).threshold,
  };
})();
