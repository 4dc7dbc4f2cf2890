/* Points on the picture of a viewer whose payload has source [height, width], the photograph's size that points are in
   pixels of. The view has besides the viewer's keys: points, JSON {ref, points: [[x, y, observer], …]} (app/library/
   fixation_points.py), and labels, JSON [z or null, …], one for each point. A click adds a point; the server scores. */
VARS.fixations = (() => {
  const SVG = "http://www.w3.org/2000/svg", LABELLED = 30;  // more points than that carry no number
  const number = z => (Math.abs(z) < 0.005 ? 0 : z).toFixed(2).replace("-", "−");
  const parsed = (text, otherwise) => text ? JSON.parse(text) : otherwise;

  function node(parent, name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  function layer(state, frame, panel) {  // the drawing above the map, made once a payload
    const made = node(frame, "svg", {class: "points", viewBox: `0 0 ${panel.width} ${panel.height}`});
    const place = (across, down) => {  // in shares of the picture
      const [height, width] = state.payload.source;
      const along = (share, length) => Math.round(Math.min(Math.max(share * length, 0), length - 0.01) * 100) / 100;
      state.picked = [along(across, width), along(down, height)];
      state.select();
    };
    frame.addEventListener("click", event => {
      const box = frame.getBoundingClientRect();
      place((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    VARS.cross(frame, {place, name: "Photograph, to place fixations on", keys: "Arrow keys move the cross, Enter places a fixation"});
    return made;
  }

  function draw(state) {
    const {payload, view, root} = state;
    if (!payload.source) return;
    const frame = root.querySelector(".viewer-frame"), panel = payload.panels[0], [height, width] = payload.source;
    const points = parsed(view.points, {points: []}).points, z = parsed(view.labels, []);
    const svg = frame.querySelector("svg") || layer(state, frame, panel), unit = Math.max(panel.width, panel.height) / 100;
    svg.replaceChildren();
    points.forEach(([x, y], i) => {
      if (!(x >= 0 && x < width && y >= 0 && y < height)) return;
      const known = z.length === points.length && z[i] !== null, right = x > 0.85 * width;
      const group = node(svg, "g", {transform: `translate(${x / width * panel.width} ${y / height * panel.height})`});
      node(group, "circle", {r: points.length > LABELLED ? 0.7 * unit : unit, class: known && z[i] < 0 ? "below" : "above"});
      node(group, "title", {}, `${i + 1}: x ${x.toFixed(1)}, y ${y.toFixed(1)}${known ? `, z = ${number(z[i])}` : ""}`);
      if (points.length > LABELLED) return;
      const place = {x: (right ? -1.7 : 1.7) * unit, y: 0.85 * unit, "text-anchor": right ? "end" : "start", "font-size": 2.6 * unit};
      node(group, "text", place, known ? number(z[i]) : "…");
    });
  }

  const changed = (text, change) => {  // what was changed by hand is no longer the photograph's own
    const old = parsed(text, null);
    return old ? JSON.stringify({...old, ...change(old), recorded: false}) : text;
  };

  return {
    watch: id => VARS.watch(id, draw),
    added(id, text, ref) {  // the points with the clicked one; a new set on another photograph
      const old = parsed(text, {}), kept = old.ref === ref ? text : JSON.stringify({ref, points: []}), {picked} = VARS.state(id);
      return picked && ref ? changed(kept, ({points}) => ({points: [...points, [...picked, "you"]]})) : text;
    },
    undone: text => changed(text, ({points}) => ({points: points.slice(0, -1)})),
    cleared: text => changed(text, () => ({points: [], sigma: null, notes: []})),
    linked(text, most) {  // as Points.from_link reads them; "" where the link needs or can hold none
      const {points, recorded} = parsed(text, {points: [], recorded: true});
      if (recorded || points.length > most) return "";
      return points.map(([x, y]) => `${+x.toFixed(2)},${+y.toFixed(2)}`).join(" ") || "none";
    },
  };
})();
VARS.fixations.watch("fixations");
