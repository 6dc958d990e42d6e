// Keeps the phone up to date: when the count of messages is another than the page's own, the page
// is fetched again and its phones replaced. Events that arrive meanwhile lead to one more fetch.
"use strict";

const phones = () => document.getElementById("phones");
let wanted = phones().dataset.count;
let busy = false;

const replace = async () => {
  const answer = await fetch(location.href, { cache: "no-store" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  phones().replaceWith(page.getElementById("phones"));
  document.title = page.title;
  document.getElementById("newest")?.classList.add("new");
};

const refresh = async (event) => {
  wanted = event.data;
  if (busy) return;
  busy = true;
  try {
    let shown = phones().dataset.count;
    while (shown !== wanted) {
      shown = wanted;
      await replace();
    }
  } finally {
    busy = false;
  }
};

new EventSource("/events").addEventListener("messages", refresh);
