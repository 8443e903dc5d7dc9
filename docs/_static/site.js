// Fills the list of versions from ../versions.js, and lets the keyboard scroll wide code and tables.
// Everything works without this script, and from a folder without a server.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  const list = document.getElementById("site-version");
  const versions = window.HIPFLASK_VERSIONS || [];
  if (list && versions.length) {
    const current = list.dataset.current;
    const root = document.documentElement.dataset.content_root || "./";
    list.replaceChildren(
      ...versions.map((name) => new Option(name, name, name === current, name === current)),
    );
    list.addEventListener("change", () => {
      window.location.href = `${root}../${list.value}/index.html`;
    });
  }
  for (const box of document.querySelectorAll(".highlight pre, .table-wrapper")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", box.tagName === "PRE" ? "Code" : "Table");
    }
  }
});
