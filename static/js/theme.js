// Runs before the first paint, so that a chosen theme does not flash; a classic script on purpose.
(() => {
  const root = document.documentElement;
  const order = ["system", "light", "dark"];
  const stored = () => {
    try { return localStorage.getItem("assay.theme") || "system"; } catch { return "system"; }
  };
  const apply = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };
  const show = (button, theme) => {
    button.querySelector("span").textContent = button.dataset[theme];
    button.hidden = false;
  };
  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    show(button, stored());
    button.addEventListener("click", () => {
      const next = order[(order.indexOf(stored()) + 1) % order.length];
      try { localStorage.setItem("assay.theme", next); } catch { /* a private window: for this page only */ }
      apply(next);
      show(button, next);
    });
  });
})();
