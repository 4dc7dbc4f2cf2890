"""Style and script of a report's page: the filter by model, sorting by a column, values under the pointer."""

from __future__ import annotations

from analysis.figures import BOTTOM, LEFT, RIGHT, TOP

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1240px;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
p,h1,h2{overflow-wrap:anywhere}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}
nav{position:sticky;top:0;background:#fff;padding:.5rem 0;border-bottom:1px solid #ddd;z-index:2}
nav label{margin-right:1.2rem;white-space:nowrap}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .5rem;border-bottom:1px solid #e5e5e5;text-align:right;white-space:nowrap}
th{cursor:pointer;border-bottom:2px solid #999;white-space:normal;vertical-align:bottom}
th.t,td.t{text-align:left}td small{display:block;color:#666;font-size:.75em}
.warning{background:#fff4e5;border-left:4px solid #d55e00;padding:.6rem 1rem}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(520px,100%),1fr));gap:1rem}
.card{border:1px solid #e0e0e0;border-radius:6px;padding:.6rem}.card>div{display:flex;gap:.4rem}
.card figure{margin:0;flex:1 1 0}.card img{display:block;width:100%}
.card figcaption,.card p{font-size:.8rem;margin:.2rem 0;color:#444}
.legend span{display:inline-block;margin-right:1.2rem}
.legend i{display:inline-block;width:.9em;height:.9em;margin-right:.4em}
.legend i.stroke{width:1.6em;height:0;vertical-align:.25em}
.chart{margin:1.2rem 0}.chart h3{font-size:1rem;margin:0 0 .3rem}
.chart svg{display:block;width:100%;min-width:560px;max-width:900px}
.chart text{font-size:12px;fill:#444}.chart .grid{stroke:#e5e5e5}.chart polyline{fill:none;stroke-width:2}
.chart .cursor{stroke:#999;visibility:hidden}.chart figcaption{font-size:.8rem;color:#444;min-height:1.5em}
.heat th[scope=row]{font-weight:400;text-align:left;border-bottom:1px solid #e5e5e5;cursor:auto}
summary{cursor:pointer;margin:.6rem 0}[hidden]{display:none!important}
@media (max-width:760px){nav{position:static}
td.t{white-space:normal;min-width:7.5em;max-width:38vw;overflow-wrap:anywhere}}
@media print{nav{display:none}}
"""

FRAME = f"const [left, right, top, bottom] = [{LEFT}, {RIGHT}, {TOP}, {BOTTOM}];"
"""The box between the axes of a chart; in a block, for ``top`` is also a name of the browser's."""

SCRIPT = (
    "{"
    + FRAME
    + """
const shown = () => new Set([...document.querySelectorAll('#filter input:checked')].map(box => box.value));
function filter() {
  const keep = shown();
  document.querySelectorAll('[data-model]').forEach(part =>
    part.toggleAttribute('hidden', !keep.has(part.dataset.model)));
}
document.querySelectorAll('.chart svg').forEach(svg => {
  const chart = svg.closest('.chart'), said = chart.querySelector('figcaption'), cursor = svg.querySelector('.cursor');
  const ends = name => chart.dataset[name].split(' ').map(Number), [x0, x1] = ends('x'), [y0, y1] = ends('y');
  const number = value => Number(value.toPrecision(4));
  svg.addEventListener('pointermove', event => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).x;
    const closer = x => (a, b) => Math.abs(x(b) - at) < Math.abs(x(a) - at) ? b : a;
    const lines = [...svg.querySelectorAll('g[data-name]:not([hidden])')].map(group =>
      [group.dataset.name, [...group.querySelector('.line').points].reduce(closer(point => point.x))]);
    if (!lines.length) return;
    const near = lines.map(line => line[1].x).reduce(closer(x => x));
    cursor.setAttribute('x1', near); cursor.setAttribute('x2', near); cursor.style.visibility = 'visible';
    const value = point => number(y0 + (y1 - y0) * (bottom - point.y) / (bottom - top));
    said.textContent = `at ${number(x0 + (x1 - x0) * (near - left) / (right - left))}: ` +
      lines.filter(line => Math.abs(line[1].x - near) < 0.5).map(line => `${line[0]} ${value(line[1])}`).join(' · ');
  });
  svg.addEventListener('pointerleave', () => { said.textContent = ''; cursor.style.visibility = 'hidden'; });
});
document.querySelectorAll('#filter input').forEach(box => box.addEventListener('change', filter));
document.querySelectorAll('thead th').forEach(head => head.addEventListener('click', () => {
  const body = head.closest('table').tBodies[0], column = head.cellIndex;
  const up = head.dataset.up = head.dataset.up === '1' ? '0' : '1';
  const value = row => { const text = row.cells[column].textContent; const number = parseFloat(text);
    return isNaN(number) ? text : number; };
  const order = (a, b) => typeof a === typeof b ? (a > b) - (a < b) : (typeof a === 'number' ? -1 : 1);
  [...body.rows].sort((a, b) => order(value(a), value(b)) * (up === '1' ? 1 : -1)).forEach(row => body.append(row));
}));
}
"""
)
