// The operations page, kept fresh: the server renders, this replaces what changed.

const EVERY_MS = 2000;
const freshness = document.getElementById("freshness");
const sections = () => document.querySelectorAll('[id^="live-"]');

function replace(section, fresh) {
  if (section.innerHTML === fresh.innerHTML) return;
  const focused = section.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const scrolled = section.querySelector(".scroll")?.scrollLeft ?? 0;
  section.replaceChildren(...fresh.childNodes);
  const region = section.querySelector(".scroll");
  if (region) region.scrollLeft = scrolled;
  if (focused) [...section.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
}

async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (response.redirected) location.reload(); // signed out
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const section of sections()) replace(section, page.getElementById(section.id));
}

async function keepFresh() {
  if (document.visibilityState === "visible") {
    try {
      await refresh();
      freshness.textContent = freshness.dataset.live;
    } catch {
      freshness.textContent = freshness.dataset.lost;
    }
  }
  setTimeout(keepFresh, EVERY_MS);
}

keepFresh();
