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
  toggleDark() {
    const dark = !document.body.classList.contains("dark");
    document.body.classList.toggle("dark", dark);
    document.documentElement.classList.toggle("dark", dark);
  },
  samples(element, props, trigger) {
    const mark = () => element.querySelectorAll("button").forEach(button =>
      button.setAttribute("aria-pressed", button.dataset.ref === props.value));
    element.addEventListener("click", event => {
      const button = event.target.closest("button");
      if (!button) return;
      props.value = button.dataset.ref;
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
  turn() {  // requests may overtake each other: the server is told which event came first
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
VARS.watchModels();
