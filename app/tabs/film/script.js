/* A film: the frame beside its map, played, stepped and slid through. The server sends some frames at a time (words.py),
   and is asked for the next ones when these are drawn. A camera's frames go to the server one by one: the next is taken
   when the map of the last one is there, so none waits behind another. */
VARS.film = (() => {
  const VIEWER = "film", SHOT = 320, PATIENCE = 15000, PAUSE = 700;
  let root = null, select = null, wish = {}, film = null, t = 0, playing = null, count = 0;
  let live = null;  // {video, number, picture, times, timer} while the camera is on

  const part = key => root.querySelector(`[data-show="${key}"]`);
  const say = text => VARS.say(JSON.stringify({text}));
  const ask = made => { wish = made; select(); };

  function joined(film) {  // the payload of the viewer: one panel whose iterates are the frames
    const {panel, readout, maps, pictures} = film, {layer, grid, ...rest} = panel;
    const words = `layer ${layer} · ${readout} · the last iterate`;
    return {panels: [{...rest, note: "", image: 0, layers: [{name: layer, grid, words, maps: {[readout]: maps}}], default_layer: layer}],
      images: [pictures[0]], columns: 1, strip: false};
  }

  const codes = maps => new Uint16Array(VARS.bytes(maps.data).buffer);

  function appended(old, more) {  // the maps of two stretches of a film
    const all = new Uint16Array(old.codes.length + more.codes.length);
    all.set(old.codes);
    all.set(more.codes, old.codes.length);
    return {low: [...old.low, ...more.low], high: [...old.high, ...more.high], degenerate: [...old.degenerate, ...more.degenerate], codes: all};
  }

  function draw(shown, at) {
    const last = shown.pictures.length - 1, frame = Math.min(at, last), picture = shown.pictures[frame];
    VARS.view(VIEWER, {t: frame, layer: "", readout: shown.readout});
    part("photo").src = picture;
    const under = root.querySelector("#film-viewer img");
    if (under) under.src = picture;
    return frame;
  }

  function move() {
    if (!root || !film || live) return;
    const frame = draw(film, t);
    part("now").textContent = `Frame ${frame + 1} of ${film.of}, ${(frame * film.seconds).toFixed(2)} s`;
    const there = film.pictures.length;
    part("words").textContent = there < film.of ? `${film.words} ${there} of ${film.of} have their map.` : film.words;
  }

  function build(shown) {
    VARS.view(VIEWER, {readout: shown.readout, layer: ""});
    VARS.show(VIEWER, joined(shown));
  }

  function show(text) {
    const chunk = text ? JSON.parse(text) : null;
    if (!chunk) return;
    chunk.maps.codes = codes(chunk.maps);
    const goesOn = film && film.key === chunk.key && film.pictures.length === chunk.start;
    if (chunk.start && !goesOn) return ask({more: {key: chunk.key, start: film && film.key === chunk.key ? film.pictures.length : 0}});
    film = chunk.start ? {...film, pictures: [...film.pictures, ...chunk.pictures], maps: appended(film.maps, chunk.maps)} : chunk;
    if (!live) { build(film); move(); }
    if (film.pictures.length < film.of) ask({more: {key: film.key, start: film.pictures.length}});
  }

  function play(on) {
    clearInterval(playing);
    playing = on && film && !live ? setInterval(() => VARS.step(null) || play(false), 1000 * film.seconds) : null;
    part("play").textContent = playing ? "Pause" : "Play";
    part("play").setAttribute("aria-pressed", Boolean(playing));
  }

  /* ---- the camera ------------------------------------------------------------------------------------------- */

  function shoot() {
    if (!live) return;
    const {video} = live, scale = SHOT / Math.max(video.videoWidth, video.videoHeight), canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    live.picture = canvas.toDataURL("image/jpeg", 0.9);
    live.number = ++count;
    clearTimeout(live.timer);
    live.timer = setTimeout(shoot, PATIENCE);  // an answer may get lost
    ask({shot: {number: live.number, picture: live.picture}});
  }

  function answered(text) {
    const seen = text ? JSON.parse(text) : null;
    if (!seen || !live || seen.number !== live.number) return;
    clearTimeout(live.timer);
    if (seen.busy) {
      part("words").textContent = seen.error;
      live.timer = setTimeout(shoot, PAUSE);
      return;
    }
    if (seen.error) { off(); return say(seen.error); }
    seen.maps.codes = codes(seen.maps);
    const shown = {...seen, pictures: [live.picture]}, now = performance.now();
    build(shown);
    draw(shown, 0);
    live.times = [...live.times, now].slice(-11);
    const rate = (live.times.length - 1) * 1000 / (now - live.times[0]);
    part("now").textContent = live.times.length > 1 ? `Camera, ${rate.toFixed(1)} maps a second` : "Camera";
    part("words").textContent = "";
    shoot();
  }

  function off() {
    if (!live) return;
    clearTimeout(live.timer);
    live.video.srcObject.getTracks().forEach(track => track.stop());
    live.video.srcObject = null;
    live = null;
    document.querySelector("#film-camera").textContent = "Camera";
    if (film) { build(film); move(); }
  }

  async function camera() {
    if (live) return off();
    play(false);
    const video = root.querySelector("video");
    try { video.srcObject = await navigator.mediaDevices.getUserMedia({video: {width: {ideal: 640}}}); }
    catch { return say("No camera was found, or it may not be used."); }
    await video.play();
    live = {video, number: 0, picture: "", times: [], timer: null};
    document.querySelector("#film-camera").textContent = "Stop the camera";
    shoot();
  }

  return {
    mount(element, selected) {
      root = element.querySelector(".film");
      select = selected;
      VARS.mount(element, VIEWER, () => {});
      part("play").addEventListener("click", () => play(!playing));
    },
    show, answered, camera,
    view({t: frame, opacity, scale}) {
      t = frame;
      VARS.view(VIEWER, {opacity, scale});
      move();
    },
    pan() { off(); return {clip: ""}; },
    left(here) { if (!here && root) { off(); play(false); } },
    asked: ({more, shot}) => ({more: wish.more ? JSON.stringify({...wish.more, id: ++count}) : more, shot: wish.shot ? JSON.stringify(wish.shot) : shot}),
  };
})();
