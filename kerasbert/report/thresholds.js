// Precision and recall at the threshold of a slider, whose positions are the points of the curve.
for (const explorer of document.querySelectorAll(".explorer")) {
  const form = explorer.querySelector("form"), { label, point } = form.elements;
  const [left, right, top, bottom] = explorer.dataset.box.split(" ").map(Number);
  const line = explorer.querySelector("polyline"), dot = explorer.querySelector("circle");
  let points = [], support = 0, decisions = 0;

  const place = ([, hits, invented]) => [
    left + (hits / support) * (right - left),
    bottom - (hits + invented ? hits / (hits + invented) : 1) * (bottom - top),
  ];
  const show = (name, text) => {
    explorer.querySelector(`[data-figure=${name}]`).textContent = text;
  };
  const move = () => {
    const [limit, hits, invented] = points[point.value], missed = support - hits;
    const figures = {
      threshold: limit,
      precision: hits / (hits + invented),
      recall: hits / support,
      f1: (2 * hits) / (2 * hits + invented + missed),
    };
    for (const [name, value] of Object.entries(figures)) {
      show(name, Number.isNaN(value) ? "\u2013" : value.toFixed(3));
    }
    const counts = { hits, invented, missed, left: decisions - hits - invented - missed };
    for (const [name, value] of Object.entries(counts)) show(name, value.toLocaleString("en"));
    const [x, y] = place(points[point.value]);
    dot.setAttribute("cx", x.toFixed(1));
    dot.setAttribute("cy", y.toFixed(1));
    dot.firstChild.textContent = `threshold ${limit.toFixed(3)}`;
    point.setAttribute("aria-valuetext", limit.toFixed(3));
  };
  const choose = () => {
    const data = label.selectedOptions[0].dataset;
    points = data.points.split(";").map((one) => one.split(" ").map(Number));
    support = Number(data.support);
    decisions = Number(data.decisions);
    line.setAttribute("points", points.map((one) => place(one).map((n) => n.toFixed(1)).join()).join(" "));
    point.max = points.length - 1;
    point.value = data.at;
    move();
  };
  label.addEventListener("input", choose);
  point.addEventListener("input", move);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  explorer.querySelector(".name").hidden = true; // the select says it
  choose();
}
