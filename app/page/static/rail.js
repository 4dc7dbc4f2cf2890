/* The photographs to choose among: a box that takes several at once, and strips of thumbnails, in which a click or the
   arrow keys choose. Strips come from app/page/strips.py: {items: [{ref, title, picture}],
   words, refused, came: {path: ref}, page, pages}. */
VARS.rail = (() => {
  const strips = new Map();  // id -> {root, select, given, wish, entering}
  const names = new Map();  // ref -> the name of a file that this page has loaded: it stays in the browser
  const told = [];  // called after a strip has changed
  let photo = "", sent = {paths: []}, fileNames = {}, count = 0;

  const element = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  /* ---- the box ---------------------------------------------------------------------------------------------- */

  function drop(root, upload, select, most) {
    const box = root.querySelector(".drop"), input = box.querySelector("input"), words = box.querySelector("span"), idle = words.textContent;
    const video = box.querySelector("video"), camera = box.querySelector("button");
    async function send(files) {
      const paths = [], lost = [];
      for (const [i, file] of [...files].entries()) {
        words.textContent = files.length > 1 ? `Loading ${i + 1} of ${files.length}…` : "Loading…";
        try {
          if (file.size > most) throw Error();
          const {path} = await upload(file);
          paths.push(path);
          fileNames[path] = file.name;
        } catch { lost.push(file.name); }
      }
      words.textContent = idle;
      input.value = "";  // the same file may be chosen again
      if (lost.length) VARS.say(JSON.stringify({text: `Not loaded: ${lost.join(", ")}. Expected files of at most ${Math.floor(most / 1e6)} MB.`}));
      if (!paths.length) return;
      sent = {paths, id: ++count};
      select();
    }
    input.addEventListener("change", () => input.files.length && send([...input.files]));
    for (const name of ["dragover", "drop"])
      box.addEventListener(name, event => {
        event.preventDefault();
        box.classList.toggle("over", name === "dragover");
        if (name === "drop" && event.dataTransfer.files.length) send([...event.dataTransfer.files]);
      });
    box.addEventListener("dragleave", () => box.classList.remove("over"));
    document.addEventListener("paste", event => {
      const files = [...event.clipboardData.files].filter(file => file.type.startsWith("image/"));
      if (files.length) send(files);
    });

    const off = () => {
      video.srcObject?.getTracks().forEach(track => track.stop());
      video.srcObject = null;
      video.hidden = true;
      camera.textContent = "Camera";
    };
    if (!navigator.mediaDevices) camera.remove();
    camera.addEventListener("click", async () => {
      if (!video.srcObject) {
        try { video.srcObject = await navigator.mediaDevices.getUserMedia({video: true}); }
        catch { return VARS.say(JSON.stringify({text: "No camera was found, or it may not be used."})); }
        video.hidden = false;
        camera.textContent = "Take it";
        return video.play();
      }
      const canvas = element("canvas", undefined, {width: video.videoWidth, height: video.videoHeight});
      canvas.getContext("2d").drawImage(video, 0, 0);
      off();
      canvas.toBlob(blob => send([new File([blob], "camera.jpg", {type: "image/jpeg"})]), "image/jpeg", 0.95);
    });
  }

  /* ---- the strips ------------------------------------------------------------------------------------------- */

  function ring(chosen = photo) {
    photo = chosen;
    for (const {root} of strips.values()) {
      const buttons = [...root.querySelectorAll("[data-ref]")], pressed = buttons.find(one => one.dataset.ref === photo);
      for (const button of buttons) {
        button.setAttribute("aria-pressed", button === pressed);
        button.tabIndex = button === (pressed || buttons[0]) ? 0 : -1;  // Tab comes to one, the arrows to the others
      }
    }
  }

  function ask(strip, wish) {
    strip.wish = wish;
    strip.select();
  }

  function choose(strip, button) {
    ask(strip, {ref: button.dataset.ref});
    button.focus();
  }

  function turn(strip, by, entering) {
    const {page, pages} = strip.given, next = page + by;
    if (!pages || next < 1 || next > pages) return;
    strip.entering = entering;
    ask(strip, {page: next});
  }

  function moved(strip, event) {
    const buttons = [...strip.root.querySelectorAll("[data-ref]")], at = buttons.indexOf(event.target);
    const to = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1}[event.key];
    const by = {PageDown: 1, PageUp: -1}[event.key];
    if (at < 0 || (to === undefined && !by)) return;
    event.preventDefault();
    if (by) turn(strip, by, "first");
    else if (buttons[to]) choose(strip, buttons[to]);
    else turn(strip, to < 0 ? -1 : 1, to < 0 ? "last" : "first");
  }

  function strip(root, id, select) {
    const made = {root: root.querySelector("[data-strip]"), select, given: {items: []}, wish: {}, entering: null};
    strips.set(id, made);
    made.root.addEventListener("keydown", event => moved(made, event));
  }

  function show(id, text) {
    const strip = strips.get(id), given = strip.given = text ? JSON.parse(text) : {items: []};
    for (const [path, ref] of Object.entries(given.came || {})) if (fileNames[path]) names.set(ref, fileNames[path]);
    for (const item of given.items) item.title = names.get(item.ref) || item.title;
    strip.root.replaceChildren();
    if (given.items.length) {
      const grid = element("div", undefined, {class: "samples"});
      for (const {ref, title, picture} of given.items) {
        const button = element("button", undefined, {type: "button", "data-ref": ref, title, "aria-label": title});
        button.append(picture ? element("img", undefined, {src: picture, alt: ""}) : element("span", "cannot be read"));
        button.addEventListener("click", () => choose(strip, button));
        grid.append(button);
      }
      strip.root.append(grid);
    }
    if (given.pages) {
      const row = element("div", undefined, {class: "pages"});
      const arrow = (label, by) => {
        const made = element("button", label, {type: "button", "aria-label": by > 0 ? "Next page of photographs" : "Previous page of photographs"});
        made.disabled = given.page + by < 1 || given.page + by > given.pages;
        made.addEventListener("click", () => turn(strip, by, null));
        return made;
      };
      row.append(arrow("‹", -1), element("span", given.words, {role: "status"}), arrow("›", 1));
      strip.root.append(row);
    } else if (given.words) strip.root.append(element("p", given.words, {class: "fine"}));
    for (const sentence of given.refused || []) strip.root.append(element("p", sentence, {class: "notice", role: "alert"}));
    ring();
    const buttons = strip.root.querySelectorAll("[data-ref]");
    if (strip.entering && buttons.length) choose(strip, buttons[strip.entering === "last" ? buttons.length - 1 : 0]);
    strip.entering = null;
    for (const tell of told) tell(id);
  }

  const place = (folder, find, page) => JSON.stringify({folder, find: find || "", page});

  function at({folder, find, at}) {  // the first page, where another folder is asked for or other names
    const shown = at ? JSON.parse(at) : {};
    return shown.folder === folder && shown.find === (find || "") ? at : place(folder, find, 1);
  }

  return {
    drop, strip, show, ring, at, told,
    items: id => strips.get(id)?.given.items || [],
    sent: () => JSON.stringify(sent),
    asked(id, {photo, folder, find}) {  // the values of these components after a click or a key
      const {ref, page} = strips.get(id).wish;
      return page ? {at: place(folder, find, page)} : {photo: ref || photo};
    },
  };
})();
