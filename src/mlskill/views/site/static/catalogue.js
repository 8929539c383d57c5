// Filter, search and sort; only the cards that are near the window are drawn.
"use strict";
(() => {
  const one = (query) => document.querySelector(query);
  const list = one("main.catalogue .cards");
  const input = one("main.catalogue .controls input");
  const only = one("main.catalogue .only");
  const sort = one("main.catalogue .sort");
  const count = one("main.catalogue .count");
  const STEP = 60;
  let rows = [];
  let words = [];
  let shown = [];

  const NAME = 0, ABOUT = 1, ADDRESS = 2, TOKENS = 3, PAGES = 4, ERRORS = 5, WARNINGS = 6, BLOCKS = 7, PROVEN = 8;
  const KEEP = {
    "": () => true,
    faulty: (row) => row[ERRORS] + row[WARNINGS] > 0,
    errors: (row) => row[ERRORS] > 0,
    clean: (row) => row[ERRORS] + row[WARNINGS] === 0,
    proven: (row) => row[PROVEN] !== null && row[PROVEN] === row[BLOCKS],
    unproven: (row) => row[PROVEN] !== null && row[PROVEN] < row[BLOCKS],
  };
  const ORDER = {
    tokens: (row) => row[TOKENS],
    pages: (row) => row[PAGES],
    findings: (row) => row[ERRORS] * 1e6 + row[WARNINGS],
  };
  const some = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

  function fact(text, name) {
    const made = document.createElement("span");
    made.className = name;
    made.textContent = text;
    return made;
  }
  function card(row) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const name = document.createElement("b");
    const facts = document.createElement("p");
    item.className = "card";
    link.href = row[ADDRESS].split("/").map(encodeURIComponent).join("/");
    name.textContent = row[NAME];
    link.append(name, fact(row[ABOUT], "about"));
    facts.append(fact(`${row[TOKENS].toLocaleString("en")} tokens`, "tokens"), fact(some(row[PAGES], "page"), "documents"));
    if (row[ERRORS]) facts.append(fact(some(row[ERRORS], "error"), "bad"));
    if (row[WARNINGS]) facts.append(fact(some(row[WARNINGS], "warning"), "warn"));
    if (row[PROVEN] !== null) {
      facts.append(fact(`${row[PROVEN]} of ${row[BLOCKS]} blocks proven`, row[PROVEN] === row[BLOCKS] ? "good" : ""));
    }
    item.append(link, facts);
    return item;
  }
  function more() {
    const from = list.childElementCount;
    list.append(...shown.slice(from, from + STEP).map(card));
  }
  function score(row, lower, asked) {
    let total = 0;
    for (const word of asked) {
      const at = lower[0].indexOf(word);
      if (at >= 0) total += at === 0 ? 4 : 3;
      else if (lower[1].includes(word)) total += 1;
      else return 0;
    }
    return total;
  }
  function find() {
    const asked = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const keep = KEEP[only.value];
    const order = ORDER[sort.value];
    const found = [];
    rows.forEach((row, at) => {
      const points = asked.length ? score(row, words[at], asked) : 1;
      if (points && keep(row)) found.push([points, row]);
    });
    if (order) found.sort((a, b) => order(b[1]) - order(a[1]));
    else if (asked.length) found.sort((a, b) => b[0] - a[0]);
    shown = found.map((pair) => pair[1]);
    count.textContent = found.length === rows.length ? some(rows.length, "skill") : `${some(found.length, "skill")} of ${rows.length.toLocaleString("en")}`;
    list.replaceChildren();
    more();
  }

  globalThis.mlskillCatalogue = (data) => {
    rows = data;
    words = rows.map((row) => [row[NAME].toLowerCase(), row[ABOUT].toLowerCase()]);
    if (input.value || only.value || sort.value) find(); // the browser remembers a form
    else shown = rows;
    const end = document.createElement("div");
    list.after(end);
    new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && more(), {
      rootMargin: "1500px",
    }).observe(end);
    for (const control of [input, only, sort]) control.addEventListener("input", find);
    addEventListener("keydown", (event) => {
      if (event.key === "/" && document.activeElement !== input) {
        event.preventDefault();
        input.focus();
      }
    });
  };
})();
