// Theme, copying, the drawer of a small screen, the place in the page, search.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (query, inside = document) => [...inside.querySelectorAll(query)];
  const one = (query, inside = document) => inside.querySelector(query);
  const make = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text) made.textContent = text; // the only way a skill's words get into a page
    return made;
  };

  one("header.top .theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const next = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    root.dataset.theme = next;
    try {
      localStorage.setItem("mlskill-theme", next);
    } catch {
      // Then it holds for this page.
    }
  });

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = make("textarea", "quiet", "");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }
  for (const button of all("figure.code .copy")) {
    button.addEventListener("click", async () => {
      const done = await copy(one("code", button.closest("figure.code").querySelector("pre")).textContent);
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      button.classList.toggle("done", done);
      setTimeout(() => {
        button.textContent = "Copy";
        button.classList.remove("done");
      }, 1500);
    });
  }

  const menu = one("header.top .menu");
  const tree = one("nav.tree");
  if (menu && tree) {
    menu.setAttribute("role", "button");
    menu.setAttribute("aria-expanded", "false");
    const show = (open) => {
      tree.classList.toggle("open", open);
      menu.setAttribute("aria-expanded", String(open));
    };
    menu.addEventListener("click", (event) => {
      event.preventDefault();
      show(!tree.classList.contains("open"));
    });
    document.addEventListener("keydown", (event) => event.key === "Escape" && show(false));
    one("main").addEventListener("click", () => show(false));
    const current = one("[aria-current]", tree);
    if (current && current.offsetTop > tree.clientHeight) tree.scrollTop = current.offsetTop - 120;
  }

  const places = new Map(
    all("aside.toc a").map((a) => [decodeURIComponent(a.getAttribute("href").slice(1)), a]),
  );
  if (places.size) {
    const heads = all("main [id]").filter((head) => places.has(head.id));
    const mark = () => {
      const above = heads.filter((head) => head.getBoundingClientRect().top < 140);
      const at = above.at(-1);
      for (const [anchor, a] of places) a.classList.toggle("here", at !== undefined && anchor === at.id);
    };
    addEventListener("scroll", mark, { passive: true });
    mark();
  }

  for (const a of all("figure.graph a")) {
    const row = a.dataset.row;
    const near = all("figure.graph path").filter((p) => p.dataset.ends.split(" ").includes(row));
    const light = (on) => near.forEach((path) => path.classList.toggle("lit", on));
    for (const name of ["mouseenter", "focus"]) a.addEventListener(name, () => light(true));
    for (const name of ["mouseleave", "blur"]) a.addEventListener(name, () => light(false));
  }

  const box = one("header.top .search");
  if (!box) return;
  const input = one("input", box);
  const results = one(".results", box);
  let sections = [];
  let index = null;
  let loading = false;

  // The index is a script, because a page in a folder may read no other file.
  globalThis.mlskillSearch = (rows) => {
    sections = rows;
    index = new globalThis.MiniSearch({
      fields: ["title", "page", "text"],
      searchOptions: {
        boost: { title: 3, page: 1.5 },
        prefix: (term) => term.length > 2,
        fuzzy: (term) => (term.length > 4 ? 0.2 : false),
        weights: { fuzzy: 0.2, prefix: 0.5 },
      },
    });
    index.addAll(rows.map(([, , title, page, text], id) => ({ id, title, page, text })));
    find();
  };
  function load() {
    if (loading) return;
    loading = true;
    for (const source of [`${root.dataset.base}_mlskill/minisearch.js`, `${root.dataset.root}search.js`]) {
      const script = document.createElement("script");
      script.src = source;
      script.async = false;
      document.head.append(script);
    }
  }

  function snippet(text, terms) {
    const low = text.toLowerCase();
    const found = terms.map((term) => low.indexOf(term)).filter((at) => at >= 0);
    const start = found.length ? Math.max(0, Math.min(...found) - 40) : 0;
    const shown = (start ? "…" : "") + text.slice(start, start + 160);
    const words = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const line = make("span", "snippet");
    const parts = words.length ? shown.split(new RegExp(`(${words.join("|")})`, "gi")) : [shown];
    parts.forEach((part, at) => line.append(at % 2 ? make("mark", "", part) : part));
    return line;
  }
  function find() {
    const query = input.value.trim();
    results.hidden = !query;
    if (!index || !query) return;
    let hits = index.search(query, { combineWith: "AND" });
    if (!hits.length) hits = index.search(query);
    results.replaceChildren(
      ...hits.slice(0, 12).map((hit) => {
        const [address, anchor, title, page, text] = sections[hit.id];
        const a = make("a");
        const mark = anchor ? `#${encodeURIComponent(anchor)}` : "";
        a.href = root.dataset.root + address.split("/").map(encodeURIComponent).join("/") + mark;
        a.append(make("b", "", title));
        if (page !== title) a.append(make("small", "", page));
        a.append(snippet(text, hit.terms));
        return a;
      }),
    );
    if (!hits.length) results.append(make("p", "", "Nothing found."));
  }
  input.addEventListener("focus", load);
  input.addEventListener("input", () => {
    load();
    find();
  });
  box.addEventListener("keydown", (event) => {
    const hits = all("a", results);
    const at = hits.indexOf(document.activeElement);
    if (event.key === "Escape") {
      results.hidden = true;
      input.blur();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (hits[next] || input).focus();
    } else if (event.key === "Enter" && document.activeElement === input && hits.length) {
      hits[0].click();
    }
  });
  results.addEventListener("click", () => {
    results.hidden = true; // a hit may be on this page
  });
  document.addEventListener("click", (event) => {
    if (!box.contains(event.target)) results.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName || "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      input.focus();
    }
  });
})();
