"use strict";
const list = document.getElementById("rooms");
const source = new EventSource(list.dataset.activity);

function entry(room) {
  let item = [...list.children].find((child) => child.dataset.room === room);
  if (!item) {
    item = list.lastElementChild.cloneNode(true);
    item.dataset.room = room;
    item.querySelector("strong").textContent = room;
    item.querySelector("a").href = `/rooms/${room}`;
    list.prepend(item);
  }
  return item;
}

source.addEventListener("said", (event) => {
  const { room, author } = JSON.parse(event.data);
  const item = entry(room);
  item.querySelector(".latest").textContent = `${author} said something`;
  list.prepend(item);
});

source.addEventListener("present", (event) => {
  const { room, count } = JSON.parse(event.data);
  entry(room).querySelector(".count").textContent = count ? `${count} here` : "";
});
