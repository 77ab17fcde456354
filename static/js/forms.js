// A form that was sent is not sent again by an impatient second press.

export function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    // not `disabled`: a disabled button would be missing from what is sent
    form.dataset.sent = "yes";
  });
  // "Back" may bring the page as it was left
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) for (const form of document.forms) delete form.dataset.sent;
  });
}
