// Before anything is drawn: the theme that was chosen, and that there is a script.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("mlskill-theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // A browser may keep nothing for pages from a folder.
  }
})();
