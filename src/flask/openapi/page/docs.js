// The documentation page: filters operations, and sends requests to try them. Everything else on
// the page is there without this script.
"use strict";

document.documentElement.classList.add("scripted");

// Filter

const filter = document.getElementById("filter");
const searchable = document.querySelectorAll("[data-text]");
filter.closest(".search").hidden = false;
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const element of searchable) {
    const text = element.dataset.text.toLowerCase();
    const matches = words.every((word) => text.includes(word));
    (element.closest("li") ?? element).hidden = !matches;
    if (matches && element.matches("article")) shown += 1;
  }
  document.getElementById("count").textContent = words.length ? `${shown} operations` : "";
});

// Requests

function valuesOf(field) {
  if (field.type === "file") return [...field.files];
  if (field.value === "") return [];
  return "list" in field.dataset ? field.value.split(",").map((it) => it.trim()) : [field.value];
}

function fieldsOf(form, source) {
  const found = [];
  for (const field of form.querySelectorAll(`[data-in="${source}"]`)) {
    for (const value of valuesOf(field)) found.push([field.dataset.name, value]);
  }
  return found;
}

function addCredentials(form, headers, query) {
  const wanted = form.dataset.schemes.split(" ");
  for (const scheme of document.querySelectorAll("[data-scheme]")) {
    const secret = scheme.querySelector('[data-part="secret"]').value;
    if (!secret || !wanted.includes(scheme.dataset.scheme)) continue;
    const { type, http, place, key } = scheme.dataset;
    if (type === "apiKey") {
      if (place === "query") query.append(key, secret);
      if (place === "header") headers.set(key, secret);
    } else if (http === "basic") {
      const user = scheme.querySelector('[data-part="user"]').value;
      const bytes = new TextEncoder().encode(`${user}:${secret}`);
      headers.set("Authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
    } else {
      headers.set("Authorization", `Bearer ${secret}`);
    }
  }
}

function bodyOf(form, headers) {
  const media = form.dataset.media;
  if (!media) return undefined;
  const fields = fieldsOf(form, "form");
  if (media.startsWith("multipart/")) {
    const data = new FormData();
    for (const [name, value] of fields) data.append(name, value);
    return data; // the browser sets the content type, with the boundary
  }
  if (media.startsWith("application/x-www-form")) return new URLSearchParams(fields);
  const field = form.querySelector('[data-in="body"]');
  const body = field.type === "file" ? field.files[0] : field.value;
  if (body) headers.set("Content-Type", media);
  return body || undefined;
}

function requestOf(form) {
  let path = form.dataset.path;
  for (const [name, value] of fieldsOf(form, "path")) {
    path = path.replace(`{${name}}`, encodeURIComponent(value));
  }
  const headers = new Headers(fieldsOf(form, "header"));
  const query = new URLSearchParams(fieldsOf(form, "query"));
  addCredentials(form, headers, query);
  const server = form.querySelector("[data-server]").value.replace(/\/$/, "");
  const url = `${server}${path}${query.size ? `?${query}` : ""}`;
  const method = form.dataset.method.toUpperCase();
  const body = ["GET", "HEAD"].includes(method) ? undefined : bodyOf(form, headers);
  return [url, { method, headers, body }];
}

function add(parent, tag, text, name) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  parent.append(element);
  return element;
}

async function bodyText(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (!/json|text|xml|javascript/.test(type)) {
    return `${(await response.arrayBuffer()).byteLength} bytes`;
  }
  const text = await response.text();
  if (!type.includes("json")) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(form, answer) {
  const [url, options] = requestOf(form);
  const started = performance.now();
  const response = await fetch(url, options);
  const took = Math.round(performance.now() - started);
  const text = await bodyText(response);
  answer.replaceChildren();
  const head = add(answer, "p", "");
  add(head, "span", `${response.status}`, `status s${String(response.status)[0]}`);
  head.append(` ${response.statusText}, ${took} ms`);
  add(answer, "p", `${options.method} ${url}`, "type");
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  const block = add(answer, "pre", `${headers.join("\n")}\n\n${text}`);
  block.tabIndex = 0;
}

for (const form of document.querySelectorAll(".try form")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = form.parentElement.querySelector(".answer");
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await send(form, answer);
    } catch (error) {
      answer.replaceChildren();
      add(answer, "p", `No response: ${error.message}`);
    } finally {
      button.disabled = false;
    }
  });
}
