/* A cross on a picture, for who has no pointer: the arrow keys move it, Enter acts where it is. */
VARS.cross = (frame, {place, name, keys}) => {  // place(across, down): shares of the picture
  const mark = document.createElement("i"), at = {x: 0.5, y: 0.5};
  const moves = {ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1]};
  const show = () => { mark.style.left = `${100 * at.x}%`; mark.style.top = `${100 * at.y}%`; };
  mark.className = "cross";
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", `${name}. ${keys}; with Shift it moves finely.`);
  frame.dataset.keys = keys;
  frame.append(mark);
  frame.addEventListener("keydown", event => {
    if (event.key === "Enter" || event.key === " ") place(at.x, at.y);
    else if (moves[event.key]) {
      const [axis, sign] = moves[event.key];
      at[axis] = Math.min(1, Math.max(0, at[axis] + sign * (event.shiftKey ? 0.004 : 0.025)));
      show();
    } else return;
    event.preventDefault();
  });
  show();
};
