/* The frame's own behaviour: model state, light and dark, the sample buttons. */
Object.assign(window.VARS, {
  async watchModels() {
    const shown = document.querySelector(".masthead .state");
    if (!shown) return setTimeout(VARS.watchModels, 200);
    try {
      const health = await (await fetch("health")).json();
      const failed = Object.values(health.models).some(state => state.startsWith("failed"));
      shown.textContent = health.ready === health.of ? `${health.of} models ready` : `${health.ready} of ${health.of} models ready`;
      shown.classList.toggle("ready", health.ready === health.of);
      shown.classList.toggle("failed", failed);
      if (health.ready < health.of && !failed) setTimeout(VARS.watchModels, 800);
    } catch { setTimeout(VARS.watchModels, 3000); }
  },
  kept(name, value) {  // what a visitor chose on an earlier visit; a browser may refuse to keep anything
    try {
      if (value !== undefined) localStorage.setItem(`vars-${name}`, value);
      return localStorage.getItem(`vars-${name}`);
    } catch { return null; }
  },
  dark(dark) {
    document.body.classList.toggle("dark", dark);
    document.documentElement.classList.toggle("dark", dark);
  },
  toggleDark() {
    const dark = !document.body.classList.contains("dark");
    VARS.dark(dark);
    VARS.kept("dark", dark);
  },
  again() {  // the page without an address opens with the model and the colours that were chosen last
    const query = new URLSearchParams(location.search), chosen = ["model", "colours"].filter(name => VARS.kept(name));
    const asked = new URLSearchParams({tab: "attention", ...Object.fromEntries(chosen.map(name => [name, VARS.kept(name)]))});
    if (chosen.length && ![...query.keys()].length) history.replaceState(null, "", `?${VARS.readable(asked)}`);
    if (VARS.kept("dark") !== null && !query.has("__theme")) VARS.dark(VARS.kept("dark") === "true");
  },
  busy(id, text) {  // a word where a map takes its time; it appears late, so a quick one shows none
    const block = document.querySelector(`#${id}-viewer`);
    if (block && text) block.dataset.busy = text;
    else if (block) delete block.dataset.busy;
  },
  waits: new Map(),  // how many events each element waits for
  wait(id) {
    const block = document.getElementById(id);
    VARS.waits.set(id, (VARS.waits.get(id) || 0) + 1);
    if (block && !block.dataset.busy) block.dataset.busy = "Computing…";
  },
  waited(id) {
    VARS.waits.set(id, VARS.waits.get(id) - 1);
    if (!VARS.waits.get(id)) delete document.getElementById(id)?.dataset.busy;
  },
  asked(id, {model, size}) {
    if (id === "attention" && model) VARS.chose = true;
    const label = document.querySelector(`#${id}-model input`)?.value || model;
    VARS.busy(id, `Computing with ${label}${size && size !== "default" ? ` at ${size} pixels` : ""}…`);
  },
  step(by) {  // of the iterate's slider on the tab that is shown
    const slider = [...document.querySelectorAll("[id$='-iteration'] input[type=range]")].find(one => one.offsetParent && !one.disabled);
    if (!slider) return false;
    const last = Number(slider.max), next = by === null ? (Number(slider.value) + 1) % (last + 1) : Math.min(last, Math.max(0, Number(slider.value) + by));
    slider.value = next;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    return true;
  },
  keys() {  // space plays the iterates, arrows step through them, wherever a key has no other meaning
    let playing = null;
    const stop = () => { clearInterval(playing); playing = null; };
    document.addEventListener("keydown", event => {
      if (event.target.closest("input, textarea, select, button, [tabindex], [contenteditable], summary, a, [role=tab]") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") { stop(); if (VARS.step(event.key === "ArrowRight" ? 1 : -1)) event.preventDefault(); }
      else if (event.key === " ") {
        if (playing) stop();
        else if (VARS.step(null)) playing = setInterval(() => VARS.step(null), 700);
        event.preventDefault();
      }
    });
    document.addEventListener("pointerdown", stop);
  },
  samples(element, props, trigger) {
    const mark = () => element.querySelectorAll("button").forEach(button =>
      button.setAttribute("aria-pressed", button.dataset.ref === props.value));
    element.addEventListener("click", event => {
      const button = event.target.closest("button");
      if (!button) return;
      props.value = button.dataset.ref;
      mark();
      trigger("select");
    });
    mark();
    return mark;
  },
  byName(inputs, values, js, outputs) {  // js from an object of the inputs' values to one of the outputs', as the server names them
    const answer = js(Object.fromEntries(inputs.map((name, i) => [name, values[i]]))) ?? {};
    return outputs.map(name => answer[name]);
  },
  turns: 0,
  turn(busy) {  // requests may overtake each other: the server is told which event came first
    if (busy) VARS.wait(busy);
    return String(++VARS.turns);
  },
  say(message) {  // a sentence that goes away by itself, or by a click
    if (!message) return;
    let box = document.querySelector("#said");
    if (!box) {
      box = document.createElement("div");
      box.id = "said";
      box.setAttribute("role", "alert");
      box.addEventListener("click", () => { box.className = ""; });
      document.body.append(box);
    }
    document.querySelectorAll("[data-busy]").forEach(block => delete block.dataset.busy);
    box.textContent = JSON.parse(message).text;
    box.className = "shown";
    clearTimeout(VARS.saying);
    VARS.saying = setTimeout(() => { box.className = ""; }, 9000);
  },
  links: {},
  link(tab, {photo, active, ...view}) {  // what the view of a tab consists of; the shown tab's is the page's address
    const query = new URLSearchParams({tab});
    if (!photo.startsWith("upload:")) query.set("image", photo);
    for (const [name, value] of Object.entries(view))
      if (value !== null && value !== undefined && value !== "") query.set(name, Array.isArray(value) ? value.join(",") : String(value));
    VARS.links[tab] = query;
    if (tab === "attention" && VARS.chose) VARS.kept("model", view.model);  // by hand, not by a link; one that fails goes back
    if (tab === active && photo) history.replaceState(null, "", `?${VARS.readable(query)}`);
  },
  readable: query => query.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ","),
  async copyLink(tab) {
    const query = VARS.links[tab], button = document.querySelector(`#${tab}-link`), label = button.textContent;
    const address = `${location.origin}${location.pathname}?${VARS.readable(query)}`;
    try { await navigator.clipboard.writeText(address); } catch { prompt("The link to this view", address); }
    button.textContent = query.has("image") ? "Link copied" : "Copied, without the photograph";
    setTimeout(() => { button.textContent = label; }, 2500);
  },
  download(token) {
    if (!token) return;
    const anchor = document.createElement("a");
    anchor.href = `download/${token}`;
    anchor.download = "";
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
  },
});
VARS.again();
VARS.keys();
VARS.watchModels();
