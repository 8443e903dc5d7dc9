"use strict";
const room = document.getElementById("room");
const log = document.getElementById("log");
const text = document.getElementById("text");
const state = document.getElementById("state");
const typing = document.getElementById("typing");
const me = room.dataset.me;
const unsent = new Map(); // by key: what the server has not sent back yet
const typists = new Map();
let socket;
let last = 0;
let attempts = 0;
let toldOfTyping = 0;

function connect() {
  socket = new WebSocket(`${room.dataset.socket}?after=${last}`);
  socket.onopen = () => {
    attempts = 0;
    state.textContent = "connected";
    for (const message of unsent.values()) socket.send(JSON.stringify(message));
  };
  socket.onmessage = (event) => handle(JSON.parse(event.data));
  socket.onclose = () => {
    state.textContent = "reconnecting";
    // More slowly each time, and not everybody at once.
    setTimeout(connect, Math.min(250 * 2 ** attempts++, 8000) * (0.5 + Math.random()));
  };
}

function handle(event) {
  if (event.type === "message") show(event);
  else if (event.type === "present") showPeople(event.names);
  else if (event.type === "typing" && event.name !== me) showTyping(event.name);
}

function show(message) {
  unsent.delete(message.key);
  last = Math.max(last, message.id);
  typists.delete(message.author);
  drawTyping();
  let item = document.getElementById(message.key);
  if (!item) {
    item = row(message);
    log.append(item);
  }
  item.classList.remove("waiting");
  item.querySelector("time").textContent = new Date(message.at * 1000).toLocaleTimeString();
  item.scrollIntoView({ block: "end" });
}

function row({ key, author, text }) {
  const item = document.createElement("li");
  item.id = key;
  item.className = author === me ? "mine" : "";
  for (const [tag, content] of [["b", author], ["span", text], ["time", ""]]) {
    const part = document.createElement(tag);
    part.textContent = content;
    item.append(part);
  }
  return item;
}

function showPeople(names) {
  const people = document.getElementById("people");
  people.replaceChildren(...names.map((name) => {
    const item = document.createElement("li");
    item.textContent = name;
    return item;
  }));
}

function showTyping(name) {
  clearTimeout(typists.get(name));
  typists.set(name, setTimeout(() => { typists.delete(name); drawTyping(); }, 3000));
  drawTyping();
}

function drawTyping() {
  const names = [...typists.keys()];
  typing.textContent = names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing` : "";
}

text.addEventListener("input", () => {
  if (Date.now() - toldOfTyping > 1500 && socket.readyState === WebSocket.OPEN) {
    toldOfTyping = Date.now();
    socket.send(JSON.stringify({ type: "typing" }));
  }
});

document.getElementById("say").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!text.value.trim()) return;
  const key = ([1e7] + -1e3 + -4e3 + -8e3 + -1e11).replace(/[018]/g, (c) =>
    (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));
  const message = { type: "say", key, text: text.value.trim() };
  unsent.set(key, message);
  const item = row({ key, author: me, text: message.text });
  item.classList.add("waiting");
  log.append(item);
  item.scrollIntoView({ block: "end" });
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  text.value = "";
});

connect();
