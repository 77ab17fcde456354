// The list of cameras: stills come when they are in sight, states are asked for again.
import { refreshSettled } from "../settled.js";
import { tag } from "../svg.js";

const STATE_EVERY_MS = 10_000;

const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) {
    watcher.unobserve(target);
    load(target);
  }
});

// What cannot be loaded leaves the words that stand there.
function load(place) {
  place.dataset.drawn = "";
  const picture = tag("img", { src: place.dataset.still, alt: "" });
  picture.hidden = true;
  picture.addEventListener("load", () => { picture.hidden = false; });
  picture.addEventListener("error", () => picture.remove());
  place.append(picture);
}

function observe() {
  for (const place of document.querySelectorAll("[data-still]:not([data-drawn])")) watcher.observe(place);
}

observe();
new MutationObserver(observe).observe(document.getElementById("cameras"), { childList: true, subtree: true });
setInterval(() => document.visibilityState === "visible" && refreshSettled(), STATE_EVERY_MS);
