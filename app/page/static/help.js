/* A "?" beside every control that app/page/help.py has words for: a click, or "?" or F1 in the control itself, shows a
   sentence and a picture in the one box that there is. The buttons are no tab stops; the sentence describes the control
   to who cannot see it. */
VARS.help = (() => {
  let entries = {}, helped = {}, under = {}, box = null, opener = null, waiting = false;
  const FIELDS = "input:not([type=hidden]), textarea, button[aria-dropeffect]";

  const resized = new ResizeObserver(seen => seen.forEach(({target}) => target.isConnected && place(target)));

  function nameOf(element) {  // what the element or a group around it is explained by
    for (let one = element; one; one = one.parentElement) {
      const entry = one.id && (helped[one.id] || under[one.id]);
      if (entry) return entry;
    }
    return null;
  }

  function labelOf(block) { return block.querySelector(":scope [data-testid=block-info], :scope .heading"); }

  function place(label) {  // the "?" at the end of the label's text
    const block = label.closest("[data-helped]"), button = block?.querySelector(":scope > .ask"), text = document.createRange();
    if (!button) return;
    text.selectNodeContents(label);
    const words = [...text.getClientRects()].pop(), around = block.getBoundingClientRect();
    if (!words || !around.width) return;
    const left = Math.min(words.right - around.left + 6, around.width - 18);
    button.style.cssText = `left:${left}px;top:${words.top - around.top + words.height / 2 - 9}px`;
  }

  function attach(id, entry) {
    const block = document.getElementById(id);
    if (!block || block.dataset.helped) return;
    const label = labelOf(block), button = document.createElement("button");
    button.type = "button";
    button.className = label ? "ask" : "ask beside";
    button.tabIndex = -1;
    button.setAttribute("aria-label", `What is this: ${(label || block).textContent.trim() || entry}`);
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", "help");
    button.setAttribute("aria-describedby", `help-${entry}`);
    button.addEventListener("click", event => { event.preventDefault(); show(entry, button); });
    block.dataset.helped = entry;
    block.append(button);
    block.querySelectorAll(FIELDS).forEach(field => field.setAttribute("aria-describedby", `help-${entry}`));
    if (label) resized.observe(label);
    if (label) place(label);
  }

  function attachAll() {
    waiting = false;
    for (const id in helped) attach(id, helped[id]);
  }

  function made() {  // the box, and the sentences that describe controls
    if (box) return box;
    box = document.createElement("div");
    box.id = "help";
    box.popover = "auto";
    box.setAttribute("role", "note");
    box.addEventListener("toggle", event => {
      if (event.newState === "closed") opener?.setAttribute("aria-expanded", "false");
    });
    const words = document.createElement("div");
    words.hidden = true;
    for (const entry in entries) {
      const sentence = document.createElement("span");
      sentence.id = `help-${entry}`;
      sentence.textContent = entries[entry][0];
      words.append(sentence);
    }
    document.body.append(box, words);
    return box;
  }

  function show(entry, at) {  // a second time: away with it
    const again = box.matches(":popover-open") && box.dataset.entry === entry && opener === at;
    if (box.matches(":popover-open")) box.hidePopover();
    if (again) return;
    const [words, picture] = entries[entry], sentence = document.createElement("p");
    sentence.textContent = words;
    box.innerHTML = picture;  // the page's own, see head() of help_places.py
    box.append(sentence);
    box.dataset.entry = entry;
    opener = at;
    at.setAttribute("aria-expanded", "true");
    box.showPopover();
    const target = at.getBoundingClientRect(), own = box.getBoundingClientRect(), [width, height] = [innerWidth, innerHeight];
    const below = target.bottom + 6 + own.height <= height || target.top < own.height + 6;
    box.style.left = `${Math.max(8, Math.min(target.left - 12, width - own.width - 8))}px`;
    box.style.top = `${below ? Math.min(target.bottom + 6, Math.max(8, height - own.height - 8)) : target.top - own.height - 6}px`;
  }

  function pressed(event) {
    const typed = event.target.matches?.("input:not([type=radio], [type=range], [type=checkbox]), textarea, [contenteditable]");
    if (!(event.key === "F1" || (event.key === "?" && !typed))) return;
    const entry = nameOf(event.target);
    if (!entry) return;
    event.preventDefault();
    const block = event.target.closest("[data-helped]");
    show(entry, block?.querySelector(":scope > .ask") || event.target);
  }

  return {
    of(...given) {
      [entries, helped, under] = given;
      const start = () => {
        made();
        attachAll();
        new MutationObserver(() => {  // tabs are made when they are first shown
          if (!waiting) requestAnimationFrame(attachAll);
          waiting = true;
        }).observe(document.body, {childList: true, subtree: true});
        document.addEventListener("keydown", pressed);
      };
      if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
    },
  };
})();
