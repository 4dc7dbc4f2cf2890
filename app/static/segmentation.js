/* The Segmentation tab in the browser: ways to show a mask, a ground truth drawn with the pointer, and the numbers at the
   chosen threshold. The server counts every threshold at once (app/handlers/segmentation.py), so moving the slider is
   drawing and looking up. The view has besides the viewer's keys: tool ("off", "outline", "brush", "eraser"), brush. */
VARS.segmentation = (() => {
  const BACKGROUND = 0, FOREGROUND = 1, VOID = 2;
  const tabs = new Map();
  const percent = share => `${(100 * share).toFixed(2)} %`;
  const count = n => n.toLocaleString("en");
  const abgr = ([r, g, b], alpha) => ((Math.round(255 * alpha) << 24) | (b << 16) | (g << 8) | r) >>> 0;

  function tab(id) {
    if (tabs.has(id)) return tabs.get(id);
    const ink = document.createElement("canvas"), made = {id, ink, pen: ink.getContext("2d", {willReadFrequently: true}),
      truth: null, mine: true, undo: [], scores: null, root: null};
    ink.width = ink.height = 0;  // until a photograph is there
    tabs.set(id, made);
    VARS.watch(id, state => watch(made, state));
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
      legend: view => [`The line: where the map, scaled to its own 0…1, reaches ${view.threshold.toFixed(2)}.`],
    },
    cutout: {  // what is left out becomes a chequered ground
      paint(pixels, placed, {width}, view) {
        const inside = reach(placed, view);
        for (let i = 0; i < pixels.length; i++)
          if (!inside(i)) pixels[i] = ((i % width >> 3) + (Math.floor(i / width) >> 3)) & 1 ? 0xffd9d9d9 : 0xfff2f2f2;
      },
      legend: view => [`Kept: where the map, scaled to its own 0…1, is at least ${view.threshold.toFixed(2)}.`],
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

  /* ---- drawing the truth ------------------------------------------------------------------------------------ */

  function read(t) {  // ink -> truth, and onto the screen
    const {width, height} = t.ink, data = t.pen.getImageData(0, 0, width, height).data, truth = new Uint8Array(width * height);
    let any = false;
    for (let i = 0; i < truth.length; i++)
      if (data[4 * i + 3] >= 128) { any = true; truth[i] = data[4 * i] >= 200 ? FOREGROUND : VOID; }
    t.truth = any ? truth : null;
    VARS.view(t.id, {truth: t.truth});
  }

  function pointing(t, root) {
    let points = null, before = null, due = false;
    const view = () => VARS.state(t.id).view;
    const place = event => {
      const canvas = root.querySelector(".viewer-frame canvas"), box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width * t.ink.width, (event.clientY - box.top) / box.height * t.ink.height];
    };
    const stroke = () => {
      due = false;
      if (!points) return;
      const {tool, brush} = view(), pen = t.pen;
      pen.globalCompositeOperation = "copy";
      pen.drawImage(before, 0, 0);
      pen.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
      pen.fillStyle = pen.strokeStyle = "#fff";
      pen.lineCap = pen.lineJoin = "round";
      pen.lineWidth = tool === "outline" ? 2 : Math.max(1, brush * Math.max(t.ink.width, t.ink.height) / 100);
      pen.beginPath();
      points.forEach(([x, y], i) => i ? pen.lineTo(x, y) : pen.moveTo(x, y));
      if (points.length === 1) pen.lineTo(points[0][0] + 0.01, points[0][1]);
      if (tool === "outline") { pen.closePath(); pen.fill(); }
      pen.stroke();
      pen.globalCompositeOperation = "source-over";
      read(t);
    };
    root.addEventListener("pointerdown", event => {
      const frame = event.target.closest(".viewer-frame"), {tool} = view();
      if (!frame || !tool || tool === "off" || !t.ink.width || event.button > 0) return;
      event.preventDefault();
      frame.setPointerCapture(event.pointerId);
      if (!t.mine) { t.pen.clearRect(0, 0, t.ink.width, t.ink.height); t.mine = true; t.undo = []; }  // never a resized upload
      before = document.createElement("canvas");
      [before.width, before.height] = [t.ink.width, t.ink.height];
      before.getContext("2d").drawImage(t.ink, 0, 0);
      points = [place(event)];
      stroke();
    });
    root.addEventListener("pointermove", event => {
      if (!points) return;
      points.push(place(event));
      if (!due) { due = true; requestAnimationFrame(stroke); }
    });
    const end = () => {
      if (!points) return;
      stroke();
      points = null;
      t.undo.push(before);
      if (t.undo.length > 20) t.undo.shift();
      VARS.state(t.id).select();
    };
    root.addEventListener("pointerup", end);
    root.addEventListener("pointercancel", end);
  }

  async function restore(t, scores) {  // the truth that the server holds, as a picture
    const {ink, pen} = t;
    [ink.height, ink.width] = scores.size;
    t.undo = [];
    t.mine = !scores.picture || scores.drawn;
    if (scores.picture) {
      const image = new Image();
      image.src = scores.picture;
      await image.decode();
      if (t.scores !== scores) return;
      pen.drawImage(image, 0, 0);
      const data = pen.getImageData(0, 0, ink.width, ink.height);
      for (let i = 0; i < data.data.length; i += 4) data.data[i + 3] = data.data[i] >= 64 ? 255 : 0;  // greys: app/handlers/ground_truth.py
      pen.putImageData(data, 0, 0);
    }
    read(t);
  }

  /* ---- the numbers ------------------------------------------------------------------------------------------ */

  const iou = (scores, at, k) => {
    const union = scores.foreground + at.fp[k];
    return union ? at.tp[k] / union : 1;
  };

  function watch(t, {root, view}) {
    if (root) {
      root.dataset.tool = view.tool || "off";
      if (!root.dataset.drawable) { root.dataset.drawable = "yes"; pointing(t, root); }
    }
    numbers(t, view);
  }

  function numbers(t, view) {
    const {root, scores} = t;
    if (!root || !scores) return;
    const show = (name, text) => { const node = root.querySelector(`[data-show="${name}"]`); if (node.textContent !== text) node.textContent = text; };
    const k = Math.round(100 * view.threshold), at = scores.at[Math.min(view.t, scores.at.length - 1)];
    const current = at && scores.readout === view.readout && (!view.layer || scores.layer === view.layer);
    root.classList.toggle("stale", !current);
    root.classList.toggle("without-truth", !scores.given || !at);
    show("words", scores.words);
    root.querySelector("svg").replaceChildren();
    if (!at) return show("pixels", "");
    const tp = at.tp[k], fp = at.fp[k], fn = scores.foreground - tp;
    if (!scores.given) return show("pixels", `At ${view.threshold.toFixed(2)} the mask covers ${percent(fp / scores.pixels)} of the photograph.`);
    const share = n => percent(scores.pixels ? n / scores.pixels : 0), curve = at.tp.map((_, i) => iou(scores, at, i));
    const best = curve.indexOf(Math.max(...curve));
    show("iou", percent(curve[k]));
    show("fp", share(fp));
    show("fn", share(fn));
    show("pixels", `TP ${count(tp)} · FP ${count(fp)} · FN ${count(fn)} · void ${count(scores.void)} pixels.`);
    show("best", `Best single threshold, chosen with the ground truth in hand (oracle): ${(best / 100).toFixed(2)}, IoU ${percent(curve[best])}.`);
    show("baselines", `For scale: ${scores.baselines.map(one => `${one.name} ${percent(one.iou / 100)}`).join(", ")}.`);
    chart(t, scores, view, curve, k, best);
  }

  const FRAME = {left: 38, right: 312, top: 8, bottom: 138};
  const across = k => FRAME.left + (FRAME.right - FRAME.left) * k / 100;

  function chart(t, scores, view, curve, k, best) {
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
    add("line", {class: "chosen", x1: across(k), x2: across(k), y1: FRAME.top, y2: FRAME.bottom});
    add("circle", {class: "best", cx: across(best), cy: up(curve[best]), r: 4});
    add("circle", {class: "point", cx: across(k), cy: up(curve[k]), r: 5});
    svg.setAttribute("aria-label", `IoU against the threshold; at ${view.threshold.toFixed(2)} it is ${percent(curve[k])}`);
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
      if (scores.picture !== undefined) restore(t, scores);
      numbers(t, VARS.state(id).view);
    },
    drawing: id => tab(id).ink.width ? tab(id).ink.toDataURL("image/png") : "",
    undo(id) {
      const t = tab(id), before = t.undo.pop();
      if (!before) return;
      t.pen.globalCompositeOperation = "copy";
      t.pen.drawImage(before, 0, 0);
      t.pen.globalCompositeOperation = "source-over";
      read(t);
      VARS.state(id).select();
    },
    clear(id) {
      const t = tab(id);
      t.pen.clearRect(0, 0, t.ink.width, t.ink.height);
      [t.mine, t.undo] = [true, []];
      read(t);
      VARS.state(id).select();
    },
    threshold: id => tab(id).threshold,
  };
})();
