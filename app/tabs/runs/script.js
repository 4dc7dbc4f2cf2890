/* The table of a run's images: a click on a row opens its photograph, one on a metric sorts by it, one on an arrow turns
   the page. The table is HTML of rows.py, and these are the data- attributes that it carries. */
VARS.runs = (() => {
  let asked = {}, clicks = 0;
  return {
    mount(element, select) {
      element.addEventListener("click", event => {
        const target = event.target.closest("[data-page], [data-metric], tr[data-position]");
        if (!target || target.disabled) return;
        asked = target.dataset;
        select();
      });
    },
    answered({picked, page, metric, order, sorting}) {  // the values of these components after the click
      if (asked.position) picked = `${asked.position} ${++clicks}`;  // the same row twice is two wishes
      else if (asked.page) page = asked.page;
      else if (asked.metric) {
        if (asked.metric === metric) order = order === "best" ? "worst" : "best";
        metric = asked.metric;
        sorting = `${metric} ${order}`;
      }
      return {picked, page, metric, order, sorting};
    },
  };
})();
