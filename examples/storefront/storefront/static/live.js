// Keeps the stock on the page up to date. Everything works without this script, too.
import { Client } from "./socketio.js";

const shown = [...document.querySelectorAll("[data-stock]")];
const slugs = [...new Set(shown.map((element) => element.dataset.stock))];

function show({ slug, stock, level, label }) {
  for (const element of shown.filter((it) => it.dataset.stock === slug)) {
    const words = "short" in element.dataset ? String(stock) : label;
    if (element.textContent.trim() !== words) {
      element.textContent = words;
      element.classList.remove("changed");
      void element.offsetWidth; // Have the browser see it gone, so that the animation starts anew.
      element.classList.add("changed");
    }
    element.dataset.level = level;
  }
  for (const control of document.querySelectorAll(`[data-needs-stock="${CSS.escape(slug)}"]`)) {
    control.disabled = stock === 0;
  }
}

if (slugs.length) {
  const { dataset } = document.documentElement;
  const client = new Client();
  client.on("connect", () => client.emit("watch", slugs));
  client.on("stock", show);
  client.on("watching", () => (dataset.live = "on"));
  client.on("disconnect", () => (dataset.live = "off"));
  client.connect();
}
