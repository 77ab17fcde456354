// What has no name, points nowhere or stands there twice.
() => {
  const faults = [];
  const seen = (node) => node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
  const note = (what, nodes) => faults.push(...nodes.map((node) => `${what}: ${node.outerHTML.slice(0, 120)}`));
  const text = (node) => (node.getAttribute("aria-label") || node.innerText || node.getAttribute("title") || "").trim();
  const ids = (node, name) => (node.getAttribute(name) || "").split(/\s+/).filter(Boolean);
  const labelled = (node) => ids(node, "aria-labelledby").some((id) => document.getElementById(id)?.innerText.trim());

  note("no name", all("a[href], button, summary").filter((node) => !text(node) && !node.querySelector("img[alt]")));
  const fields = all("input:not([type=hidden]), select, textarea");
  note("no label", fields.filter((node) => !node.labels?.length && !node.ariaLabel));
  const areas = all("progress, svg[role=img], [role=region], nav, aside, section");
  note("no name", areas.filter((node) => !node.getAttribute("aria-label") && !labelled(node)));
  note("no words", [...document.querySelectorAll("img:not([alt]), table:not(:has(th[scope]))")]);
  for (const one of ["h1", "main"]) if (document.querySelectorAll(one).length !== 1) faults.push(`not exactly one ${one}`);
  if (!document.documentElement.lang || !document.title) faults.push("no language or title");
  const given = [...document.querySelectorAll("[id]")].map((node) => node.id);
  faults.push(...given.filter((id, at) => given.indexOf(id) !== at).map((id) => `twice: #${id}`));
  for (const node of document.querySelectorAll("[aria-labelledby], [aria-controls]")) {
    const named = [...ids(node, "aria-labelledby"), ...ids(node, "aria-controls")];
    faults.push(...named.filter((id) => !document.getElementById(id)).map((id) => `points nowhere: ${id}`));
  }
  return faults;
}
