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
