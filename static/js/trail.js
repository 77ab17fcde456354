// Whether the log's chain holds, asked for by a press; the link alone answers in JSON.
import { get } from "./api.js";
import { announce, say } from "./words.js";

// The sentence for what the server found: [key, values]. `ended`: nothing more will be written. Pure.
export function chainWords(found, ended) {
  if (!found.ok) return ["chain.broken", { line: found.broken, head: found.head, reason: found.reason }];
  if (found.emptied) return ["chain.emptied", { count: found.checked, emptied: found.emptied }];
  return [ended ? "chain.complete" : "chain.so_far", { count: found.checked }];
}

// The trail is rendered anew while events come in: the press is heard further out.
export function listenToTrail(hasEnded) {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("#chain-check");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(say("chain.checking"), "");
    try {
      const found = await get(link.href);
      show(say(...chainWords(found, hasEnded())), found.ok ? "holds" : "broken");
    } catch (error) {
      show(say("chain.failed", { reason: error.message }), "");
    }
  });
}

function show(text, state) {
  const place = document.getElementById("chain-status");
  place.textContent = text;
  place.dataset.chain = state;
  announce(text);
}
