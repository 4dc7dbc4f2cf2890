/* The strip over the map (pipeline.py): its words open into Markdown, one at a time. */
VARS.pipeline = (() => {
  let nav = null, table = null, mixer = "", open = -1, told = () => {};

  function build() {
    const heads = table.heads[mixer] || [];
    nav.replaceChildren(...heads.flatMap((head, i) => {
      const button = document.createElement("button"), arrow = document.createElement("span");
      button.type = "button";
      button.textContent = head;
      button.setAttribute("aria-expanded", i === open);
      button.setAttribute("aria-controls", "attention-equation");
      button.addEventListener("click", () => {
        open = open === i ? -1 : i;
        [...nav.querySelectorAll("button")].forEach((one, at) => one.setAttribute("aria-expanded", at === open));
        told();
      });
      arrow.textContent = "→";
      arrow.setAttribute("aria-hidden", "true");
      return i ? [arrow, button] : [button];
    }));
  }

  return {
    mount(element, given, select) {
      nav = element.querySelector(".pipeline");
      table = given;
      told = select;
    },
    show(value) {
      if (value === mixer && nav.firstChild) return;
      mixer = value || "";
      build();
    },
    text(readout) {  // of what is open
      const opened = table?.opened[mixer];
      if (!opened || open < 0) return "";
      return open < opened.length ? opened[open] : table.read[readout];
    },
  };
})();
