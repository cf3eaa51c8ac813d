// Tables that a click on a heading sorts. Missing values stay last, whichever way it is sorted;
// numbers begin with the highest.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending"
        || (head.classList.contains("word") && head.getAttribute("aria-sort") !== "ascending");
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column], text = cell.textContent.trim();
        if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
        const plain = text.replace(/,/g, "");
        return text === "\u2013" ? null : plain !== "" && !isNaN(plain) ? Number(plain) : text;
      };
      const keyed = [...body.rows].map((row) => [key(row), row]);
      keyed.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        const order = typeof a === "number" && typeof b === "number"
          ? a - b : String(a).localeCompare(String(b));
        return up ? order : -order;
      });
      body.append(...keyed.map(([, row]) => row));
    });
  });
}
