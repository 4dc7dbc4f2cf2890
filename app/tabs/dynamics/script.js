/* How the codes of a head settle. The server sends every frame of every way (words.py); the slider, the keys and the
   play button move along them: {t}. All pictures have the same time axis. */
VARS.dynamics = (() => {
  const MAPS = "dynamics", SPEED = 120;
  const FRAME = {width: 420, left: 52, right: 412, top: 10, bottom: 150, height: 186};
  const LOW = {width: 420, left: 52, right: 412, top: 8, bottom: 112, height: 132};
  let root = null, data = null, t = 0, playing = null, drawings = [];

  const part = key => root.querySelector(`[data-show="${key}"]`);
  const number = x => x === 0 ? "0" : Math.abs(x) >= 1e4 || Math.abs(x) < 0.01 ? x.toExponential(1).replace("e+", "e") : x >= 1000 ? Math.round(x).toLocaleString("en") : x.toPrecision(3);

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function drawing(frame, label) {  // an empty chart: {svg, add, across, cursor}
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    const add = (tag, attributes, text, into = svg) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, one] of Object.entries(attributes)) node.setAttribute(key, one);
      if (text !== undefined) node.textContent = text;
      into.append(node);
      return node;
    };
    const across = k => frame.left + (frame.right - frame.left) * k / data.steps;
    const inside = add("svg", {x: frame.left, y: frame.top, width: frame.right - frame.left, height: frame.bottom - frame.top,
      viewBox: `${frame.left} ${frame.top} ${frame.right - frame.left} ${frame.bottom - frame.top}`});  // what leaves it is cut
    for (const k of [0, Math.round(data.steps / 2), data.steps])
      add("text", {x: across(k), y: frame.bottom + 15, "text-anchor": k === 0 ? "start" : k === data.steps ? "end" : "middle"}, k);
    const cursor = add("line", {class: "cursor", y1: frame.top, y2: frame.bottom});
    drawings.push(() => { cursor.setAttribute("x1", across(t)); cursor.setAttribute("x2", across(t)); });
    return {svg, add, across, inside};
  }

  const path = points => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  const frames = way => way.objective.length;

  function line(way, values, made, up, attributes, goesOn = true) {  // a way's values along the steps; attention's stay where they are
    const points = values.map((value, k) => [made.across(k), up(value)]).filter(([, y]) => Number.isFinite(y));
    made.add("path", {d: path(points), fill: "none", stroke: way.colour, ...attributes}, undefined, made.inside);
    if (way.stays && points.length > 1 && goesOn)
      made.add("path", {d: path([points.at(-1), [made.across(data.steps), points.at(-1)[1]]]), class: "stays", fill: "none", stroke: way.colour, ...attributes}, undefined, made.inside);
  }

  function chart(name) {
    const {title, words} = data.charts[name], figure = element("figure"), best = data.optimum[name] ?? 0;
    const made = drawing(FRAME, `${title}, by step`), usual = data.paths.filter(way => !way.diverges);
    const top = Math.max(...(usual.length ? usual : data.paths).flatMap(way => way[name]).filter(Number.isFinite), best) || 1;
    const least = Math.min(...data.paths.flatMap(way => way[name]).filter(value => Number.isFinite(value) && value > 0), best || Infinity);
    const logarithmic = name === "objective" && least > 0;
    const high = logarithmic ? top * 1.3 : name === "zero" ? 1 : top * 1.05, low = logarithmic ? Math.max(least, high * 1e-6) * 0.9 : 0;
    const share = value => logarithmic ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
    const up = value => FRAME.bottom - (FRAME.bottom - FRAME.top) * Math.min(share(value), 20);
    const ticks = logarithmic ? [best, Math.sqrt(best * high), high / 1.3] : [0, high / 2, high];
    for (const value of ticks) {
      made.add("line", {class: "grid", x1: FRAME.left, x2: FRAME.right, y1: up(value), y2: up(value)});
      made.add("text", {x: FRAME.left - 6, y: up(value) + 4, "text-anchor": "end"}, name === "zero" ? `${Math.round(100 * value)} %` : number(value));
    }
    made.add("text", {x: (FRAME.left + FRAME.right) / 2, y: FRAME.bottom + 30, "text-anchor": "middle"}, "step");
    if (best) made.add("line", {class: "best", x1: FRAME.left, x2: FRAME.right, y1: up(best), y2: up(best)});
    made.add("line", {class: "trained", x1: made.across(data.trained), x2: made.across(data.trained), y1: FRAME.top, y2: FRAME.bottom});
    for (const way of data.paths) {
      const values = way[name].map(value => value ?? NaN);
      line(way, values, made, up, {"stroke-width": 2}, name !== "change");
      if (name === "change" && way.stays) made.add("circle", {cx: made.across(1), cy: up(values[1]), r: 3.5, fill: way.colour}, undefined, made.inside);
    }
    figure.append(element("h3", "", title), made.svg, element("figcaption", "fine", words));
    return figure;
  }

  function trajectories(way, limit) {
    const figure = element("figure"), made = drawing(LOW, `Codes by step: ${way.title}`), middle = (LOW.top + LOW.bottom) / 2;
    const up = value => middle - (LOW.bottom - LOW.top) / 2 * Math.max(-20, Math.min(20, value / limit));
    made.add("line", {class: "grid", x1: LOW.left, x2: LOW.right, y1: middle, y2: middle});
    for (const value of [limit, 0, -limit]) made.add("text", {x: LOW.left - 5, y: up(value) + 4, "text-anchor": "end"}, number(value).replace("-", "−"));
    for (let code = 0; code < way.lines; code++)
      line(way, Array.from({length: frames(way)}, (_, k) => way.values[k * way.lines + code]), made, up, {"stroke-width": 1, opacity: 0.6});
    const label = element("figcaption", "", way.title);
    label.style.setProperty("--colour", way.colour);
    figure.append(label, made.svg);
    return figure;
  }

  function build() {
    if (!root) return;
    part("words").textContent = data ? "" : root.dataset.words || "Waiting for the first layer…";
    root.classList.toggle("empty", !data);
    drawings = [];
    if (!data) return;
    for (const name of ["notice", "maps", "trajectories", "facts"]) part(name).textContent = data[name];
    part("legend").replaceChildren(...data.paths.map(way => {
      const entry = element("span", "way", way.diverges ? `${way.title} (diverges)` : way.title);
      entry.style.setProperty("--colour", way.colour);
      return entry;
    }), element("span", "best", "optimum"), element("span", "trained", `T = ${data.trained}, as trained`));
    part("charts").replaceChildren(...Object.keys(data.charts).map(chart));
    const steady = data.paths.filter(way => !way.diverges && !way.stays), later = way => way.values.subarray(2 * way.lines);
    const limit = 1.1 * steady.reduce((most, way) => later(way).reduce((top, value) => Math.max(top, Math.abs(value)), most), 0) || 1;
    part("codes").replaceChildren(...data.paths.map(way => trajectories(way, limit)));
    VARS.view(MAPS, {...data.view, t: Math.min(t, data.steps)});
    VARS.show(MAPS, data.viewer);
    move();
  }

  function move() {
    if (!root || !data) return;
    part("now").textContent = `Step ${t} of ${data.steps}, circuit time ${number(t * data.time)}`;
    drawings.forEach(draw => draw());
    VARS.view(MAPS, {t});
  }

  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(() => VARS.step(null) || play(false), SPEED) : null;
    const button = part("play");
    button.textContent = on ? "Pause" : "Play";
    button.setAttribute("aria-pressed", on);
  }

  return {
    mount(made) {
      root = made.querySelector(".dynamics");
      VARS.mount(made, MAPS, () => {});
      part("play").addEventListener("click", () => play(!playing));
      build();
    },
    show(payload) {
      data = payload && payload.paths ? payload : null;
      if (root) root.dataset.words = (payload && payload.words) || "";
      if (data) for (const way of data.paths) way.values ??= new Float32Array(VARS.bytes(way.codes).buffer);
      if (data) t = Math.min(t, data.steps);
      build();
    },
    view(change) {
      t = data ? Math.min(change.t, data.steps) : change.t;
      move();
    },
  };
})();
