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
});
VARS.watchModels();
