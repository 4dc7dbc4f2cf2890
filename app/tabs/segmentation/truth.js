/* A ground truth on the picture of a viewer: shown, and drawn with the pointer or the keyboard. It lives in "ink", a canvas
   of the picture's size: opaque white is the object, opaque grey void. The view has besides the viewer's keys: tool
   ("off", "outline", "brush", "eraser"), brush (% of the longer side), and gets truth, a region for each pixel or null. */
VARS.truth = id => {
  const ink = document.createElement("canvas"), pen = ink.getContext("2d", {willReadFrequently: true});
  const {FOREGROUND, VOID} = VARS.regions, UNDO = 20;
  const KEYS = {
    outline: "Arrow keys move the cross, Enter sets a corner, Escape ends the outline",
    brush: "Arrow keys move the cross, Enter paints", eraser: "Arrow keys move the cross, Enter erases",
  };
  let shown = null, mine = true, undo = [];  // mine: what is in ink was drawn here, so it may be drawn on
  let points = null, before = null, due = false;  // the stroke that is being drawn, and ink before it
  ink.width = ink.height = 0;  // until a photograph is there
  const view = () => VARS.state(id).view;

  function read() {  // ink -> truth, and onto the screen
    const {width, height} = ink, data = pen.getImageData(0, 0, width, height).data, truth = new Uint8Array(width * height);
    let any = false;
    for (let i = 0; i < truth.length; i++)
      if (data[4 * i + 3] >= 128) { any = true; truth[i] = data[4 * i] >= 200 ? FOREGROUND : VOID; }
    VARS.view(id, {truth: any ? truth : null});
  }

  function copy() {
    const made = document.createElement("canvas");
    [made.width, made.height] = [ink.width, ink.height];
    made.getContext("2d").drawImage(ink, 0, 0);
    return made;
  }

  function put(picture) {
    pen.globalCompositeOperation = "copy";
    pen.drawImage(picture, 0, 0);
    pen.globalCompositeOperation = "source-over";
  }

  /* ---- a stroke --------------------------------------------------------------------------------------------- */

  function begin(place) {
    if (!mine) { pen.clearRect(0, 0, ink.width, ink.height); mine = true; undo = []; }  // never a resized upload
    before = copy();
    points = [place];
    stroke();
  }

  function stroke() {
    due = false;
    if (!points) return;
    const {tool, brush} = view();
    put(before);
    pen.globalCompositeOperation = tool === "eraser" ? "destination-out" : "source-over";
    pen.fillStyle = pen.strokeStyle = "#fff";
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = tool === "outline" ? 2 : Math.max(1, brush * Math.max(ink.width, ink.height) / 100);
    pen.beginPath();
    points.forEach(([x, y], i) => i ? pen.lineTo(x, y) : pen.moveTo(x, y));
    if (points.length === 1) pen.lineTo(points[0][0] + 0.01, points[0][1]);
    if (tool === "outline") { pen.closePath(); pen.fill(); }
    pen.stroke();
    pen.globalCompositeOperation = "source-over";
    read();
  }

  function end() {
    if (!points) return;
    stroke();
    points = null;
    undo.push(before);
    if (undo.length > UNDO) undo.shift();
    VARS.state(id).select();
  }

  /* ---- pointer and keyboard --------------------------------------------------------------------------------- */

  const ready = () => ink.width && view().tool && view().tool !== "off";

  function pointing(root) {
    const place = event => {
      const box = root.querySelector(".viewer-frame canvas").getBoundingClientRect();
      return [(event.clientX - box.left) / box.width * ink.width, (event.clientY - box.top) / box.height * ink.height];
    };
    let pressed = false;
    root.addEventListener("pointerdown", event => {
      const frame = event.target.closest(".viewer-frame");
      if (!frame || !ready() || event.button > 0) return;
      event.preventDefault();
      frame.setPointerCapture(event.pointerId);
      end();  // an outline begun by keyboard
      begin(place(event));
      pressed = true;
    });
    root.addEventListener("pointermove", event => {
      if (!pressed || !points) return;
      points.push(place(event));
      if (!due) { due = true; requestAnimationFrame(stroke); }
    });
    const up = () => { if (pressed) end(); pressed = false; };
    root.addEventListener("pointerup", up);
    root.addEventListener("pointercancel", up);
  }

  function crossing(frame) {
    const place = (across, down) => {
      if (!ready()) return;
      const corner = [across * ink.width, down * ink.height];
      if (points) { points.push(corner); stroke(); } else begin(corner);
      if (view().tool !== "outline") end();
    };
    VARS.cross(frame, {place, name: "Photograph, to draw the ground truth on", keys: KEYS.outline});
    frame.addEventListener("keydown", event => { if (event.key === "Escape") end(); });
    frame.addEventListener("blur", end);
  }

  return {
    watch({root, view}) {  // after every drawing of the viewer
      const frame = root && root.querySelector(".viewer-frame"), tool = view.tool || "off";
      if (!frame) return;
      root.dataset.tool = tool;
      if (!root.dataset.drawable) { root.dataset.drawable = "yes"; pointing(root); }
      if (tool === "off" && frame.dataset.keys) frame.tabIndex = -1;
      if (tool === "off") return;
      if (!frame.dataset.keys) crossing(frame);
      frame.tabIndex = 0;
      frame.dataset.keys = KEYS[tool];
    },
    async show(scores) {  // the truth that the server holds, as a picture; what is being drawn here is newer
      const drawing = scores.drawn || (!scores.picture && (undo.length > 0 || points));
      const same = shown && shown.ref === scores.ref && mine && drawing;
      shown = scores;
      if (same) return;
      [ink.height, ink.width] = scores.size;
      [points, undo, mine] = [null, [], !scores.picture || scores.drawn];
      if (scores.picture) {
        const image = new Image();
        image.src = scores.picture;
        await image.decode();
        if (shown !== scores) return;
        pen.drawImage(image, 0, 0);
        const data = pen.getImageData(0, 0, ink.width, ink.height);
        for (let i = 0; i < data.data.length; i += 4) data.data[i + 3] = data.data[i] >= 64 ? 255 : 0;  // greys: truth.py
        pen.putImageData(data, 0, 0);
      }
      read();
    },
    address: () => ink.width ? ink.toDataURL("image/png") : "",
    undo() {
      end();
      const last = undo.pop();
      if (!last) return;
      put(last);
      read();
      VARS.state(id).select();
    },
    clear() {
      end();
      undo = mine ? [...undo, copy()] : [];
      pen.clearRect(0, 0, ink.width, ink.height);
      mine = true;
      read();
      VARS.state(id).select();
    },
  };
};
