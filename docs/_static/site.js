// Fills the list of versions from ../versions.js, and lets the keyboard scroll wide code and tables.
// Everything works without this script, and from a folder without a server.
"use strict";

const NAMES = { pre: "Code", "drawing-box": "Drawing" };

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
  for (const box of document.querySelectorAll(".highlight pre, .table-wrapper, .drawing-box")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", NAMES[box.tagName === "PRE" ? "pre" : box.classList[0]] || "Table");
    }
  }
});
