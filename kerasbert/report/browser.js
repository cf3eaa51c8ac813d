// Documents that are searched and filtered. What a document is found by stands in its data
// attributes, as numbers of the options.
for (const browser of document.querySelectorAll(".browser")) {
  const form = browser.querySelector("form"), fields = form.elements;
  const docs = [...browser.querySelectorAll(".doc")], more = browser.querySelector(".more");
  const step = Number(browser.dataset.shown), pair = (form.dataset.pair || "").split(" ");
  const wrong = (form.dataset.wrong || "").split(" ");
  const kinds = fields.kind
    ? [...fields.kind.options].map((o) => o.value).filter((v) => v && v !== "pair" && v !== "none")
    : [];
  const value = (name) => (fields[name] ? fields[name].value : "");
  const has = (doc, kind, name) => {
    const found = doc.dataset[kind];
    return found !== undefined && (name === "" || found.split(" ").includes(name));
  };
  let shown = step, texts = null;

  const fits = (doc) => {
    const label = value("label"), kind = value("kind"), other = value("other");
    if (kind === "pair") return has(doc, pair[0], label) && has(doc, pair[1], other);
    const any = (of) => of.some((one) => has(doc, one, label));
    if (kind === "none") {
      return !wrong.some((one) => has(doc, one, "")) && (label === "" || any(kinds));
    }
    return kind ? has(doc, kind, label) : label === "" || any(kinds);
  };
  const update = () => {
    if (fields.other) fields.other.closest("label").hidden = value("kind") !== "pair";
    const words = value("words").toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length && !texts) texts = docs.map((doc) => doc.textContent.toLowerCase());
    let count = 0;
    docs.forEach((doc, i) => {
      const found = fits(doc) && words.every((word) => texts[i].includes(word));
      count += found;
      doc.hidden = !found || count > shown;
    });
    browser.querySelector("output").textContent = `${count} of ${docs.length} documents`;
    more.hidden = count <= shown;
    more.firstChild.textContent = `Show ${Math.min(step, count - shown)} more of ${count - shown}`;
  };
  const again = () => { shown = step; update(); };
  form.addEventListener("input", again);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[type=reset]").addEventListener("click", (event) => {
    event.preventDefault();
    form.reset();
    again();
  });
  more.firstChild.addEventListener("click", () => { shown += step; update(); });
  form.hidden = false;
  update();

  // A cell of a matrix shows its documents.
  for (const cell of document.querySelectorAll("td[data-go]")) {
    const [kind, label, other] = cell.dataset.go.split(" ");
    const there = (name, wanted) => fields[name]
      && [...fields[name].options].some((option) => option.value === wanted);
    if (!there("kind", kind) || !there("label", label) || !there("other", other)) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.title = "show these documents";
    button.append(...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => {
      form.reset();
      Object.entries({ kind, label, other }).forEach(([name, to]) => { fields[name].value = to; });
      again();
      form.scrollIntoView({ block: "start" });
    });
  }
}
