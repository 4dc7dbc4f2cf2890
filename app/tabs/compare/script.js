/* The table's clean row is shown first; the others come after it, and join it where it is still the one they belong to and
   has none yet: two events may ask for the same table. */
VARS.compare = {
  further(given) {
    const {payload} = VARS.state("compare"), rows = given ? JSON.parse(given) : null;
    if (!rows || !payload || payload.key !== rows.key || payload.turn) return;
    const count = payload.images.length;
    VARS.show("compare", {
      ...payload,
      turn: rows.turn,
      panels: [...payload.panels, ...rows.panels.map(panel => ({...panel, image: panel.image + count}))],
      images: [...payload.images, ...rows.images],
      rows: [...payload.rows, ...rows.rows],
    });
  },
};
