/* The guided start (app/page/guide.py): a card that walks from part to part of the Attention tab, and shows on each what
   its words say. Nothing is asked of the server. */
VARS.guide = (() => {
  const TAB = "attention";
  let steps = [], at = 0, card = null, ring = null, opener = null, target = null, timer = null, undo = () => {};

  function make(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function button(text, act) {
    const made = make("button", "", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  /* what a step does to the part that it points at, and how that is taken back */

  const shown = () => {  // the layer on the screen
    const {payload, view} = VARS.state(TAB), panel = payload?.panels?.[0];
    return panel?.layers.find(one => one.name === view.layer) || panel?.layers.find(one => one.name === panel.default_layer) || null;
  };
  const last = () => { const layer = shown(); return layer?.maps[VARS.state(TAB).view.readout]?.low.length - 1 || 0; };

  const acts = {
    tokens(frame) {  // the grid on the photograph, the map taken away
      const layer = shown();
      if (!layer) return () => {};
      const [h, w] = layer.grid, grid = make("i", "guide-grid"), one = make("i", "guide-token");
      grid.style.cssText = `background-size:${100 / w}% ${100 / h}%`;
      one.style.cssText = `left:${100 * Math.floor(w * 0.4) / w}%;top:${100 * Math.floor(h * 0.4) / h}%;width:${100 / w}%;height:${100 / h}%`;
      frame.append(grid, one);
      frame.classList.add("guide-bare");
      return () => { grid.remove(); one.remove(); frame.classList.remove("guide-bare"); };
    },
    iterates() {  // from the first to the last
      const slider = document.querySelector(`#${TAB}-iteration input[type=range]`);
      if (!last() || !slider) return () => {};
      const before = Number(slider.value);
      VARS.step(-last());
      timer = setInterval(() => { if (Number(slider.value) < last()) VARS.step(1); else clearInterval(timer); }, 900);
      return () => { clearInterval(timer); VARS.step(before - Number(slider.value)); };
    },
  };

  function build() {
    card = make("section");
    card.id = "guide";
    card.setAttribute("role", "dialog");
    card.setAttribute("aria-labelledby", "guide-heading");
    ring = make("div");
    ring.id = "guide-ring";
    const said = make("div", "guide-said"), bar = make("div", "guide-bar");
    said.setAttribute("aria-live", "polite");
    card.heading = make("h2");
    card.heading.id = "guide-heading";
    card.words = make("p");
    card.keys = make("dl");
    card.count = make("span");
    card.back = button("Back", () => go(at - 1));
    card.next = button("Next", () => go(at + 1));
    card.shut = button("Close", close);
    said.append(card.heading, card.words, card.keys);
    bar.append(card.count, card.shut, card.back, card.next);
    card.append(said, bar);
    card.addEventListener("keydown", event => {
      if (event.key === "ArrowRight") go(at + 1);
      else if (event.key === "ArrowLeft") go(at - 1);
    });
    document.body.append(ring, card);
  }

  function go(step) {
    if (step < 0) return;
    if (step >= steps.length) return close();
    undo();
    at = step;
    const {name, heading, words, one_step, keys} = steps[at], layer = shown(), grid = layer ? `${layer.grid[0]} × ${layer.grid[1]}` : "many";
    card.heading.textContent = heading;
    card.words.textContent = (one_step && !last() ? one_step : words).replace("{grid}", grid).replace("{last}", last());
    card.keys.replaceChildren(...keys.flatMap(([key, text]) => [make("dt", "", key), make("dd", "", text)]));
    card.count.textContent = `${at + 1} of ${steps.length}`;
    card.back.disabled = at === 0;
    card.next.textContent = at === steps.length - 1 ? "Done" : "Next";
    target = [...document.querySelectorAll(steps[at].at)].find(one => one.offsetParent) || null;
    target?.classList.add("guide-target");
    target?.scrollIntoView({block: innerWidth < 760 ? "start" : "center"});
    undo = target && acts[name] ? acts[name](target) : () => {};
    place();
  }

  function place() {  // the card beside its part, where there is room; on a phone it lies at the foot
    if (!card || card.hidden) return;
    const box = target?.getBoundingClientRect(), narrow = innerWidth < 760;
    ring.hidden = !box;
    if (box) ring.style.cssText = `left:${box.left - 5}px;top:${box.top - 5}px;width:${box.width + 10}px;height:${box.height + 10}px`;
    card.style.cssText = "";
    if (narrow || !box) return;
    const {offsetWidth: width, offsetHeight: height} = card, gap = 16;
    const inside = (value, most) => Math.max(gap, Math.min(value, most - gap));
    let left = box.left, top = box.bottom + gap;
    if (top + height > innerHeight) top = box.top - height - gap;
    if (top < gap) {  // neither below nor above: beside it, or over its foot
      top = inside(box.bottom - height - gap, innerHeight - height);
      left = box.right + gap + width < innerWidth ? box.right + gap : box.left - gap - width > 0 ? box.left - gap - width : box.right - width - gap;
    }
    card.style.cssText = `left:${inside(left, innerWidth - width)}px;top:${inside(top, innerHeight - height)}px;bottom:auto;right:auto`;
  }

  function pressed(event) {
    if (event.key === "Escape" && !document.querySelector("#help:popover-open")) close();
  }

  function open(from) {
    VARS.guide.declined();
    if (!card) build();
    opener = from;
    document.querySelector("#tabs [role=tab]")?.click();  // the first: one map of one model
    card.hidden = false;
    addEventListener("scroll", place, {passive: true, capture: true});
    addEventListener("resize", place);
    document.addEventListener("keydown", pressed);
    const begin = tries => {  // once there is a map
      if (card.hidden) return;
      if (shown() || !tries) { go(0); card.next.focus({preventScroll: true}); }
      else setTimeout(begin, 100, tries - 1);
    };
    begin(100);
  }

  function close() {
    undo();
    undo = () => {};
    card.hidden = ring.hidden = true;
    removeEventListener("scroll", place, {capture: true});
    removeEventListener("resize", place);
    document.removeEventListener("keydown", pressed);
    (opener?.offsetParent ? opener : document.querySelector(".masthead .guide-link"))?.focus();
  }

  return {
    open,
    of(given) {
      steps = given;
      if (VARS.kept("guide") === null) document.documentElement.classList.add("first-visit");
      VARS.kept("guide", "offered");
    },
    declined: () => document.documentElement.classList.remove("first-visit"),
  };
})();
