// Keeps the phone up to date: on each event the page is fetched again and its phones replaced.
"use strict";

const toEnd = () => {
  const talk = document.querySelector(".talk");
  talk.scrollTop = talk.scrollHeight;
};

let shown = null;
const refresh = async (event) => {
  if (shown === null) {
    shown = event.data;
    return;
  }
  if (shown === event.data) return;
  shown = event.data;
  const answer = await fetch(location.href, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("phones").replaceWith(page.getElementById("phones"));
  document.title = page.title;
  const newest = document.getElementById("newest");
  if (newest) newest.classList.add("new");
  toEnd();
};

toEnd();
new EventSource("/events").addEventListener("messages", refresh);
