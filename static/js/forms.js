// A form that was sent is not sent again by an impatient second press, and carries the token of now.
import { csrf } from "./api.js";

// longer than people press twice, shorter than they wonder why nothing happens after "Stay on this page"
const ONE_PRESS_MS = 5_000;

// The page was rendered with a token; a sign-in in another tab has changed it since.
export function withToken(form) {
  const token = form.elements.namedItem("csrfmiddlewaretoken");
  if (token) token.value = csrf();
  return form;
}

export function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    // not `disabled`: a disabled button would be missing from what is sent
    form.dataset.sent = "yes";
    withToken(form);
    setTimeout(() => { delete form.dataset.sent; }, ONE_PRESS_MS);
  });
  // "Back" may bring the page as it was left
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) for (const form of document.forms) delete form.dataset.sent;
  });
}
