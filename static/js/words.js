// The words of the desk in the reader's language, from the data block of the page.
let words = null;

function all() {
  if (words === null) {
    const block = document.getElementById("words");
    words = block ? JSON.parse(block.textContent) : {};
  }
  return words;
}

// say("row.of", {done: 3, total: 9}) → "3 of 9"; a key without words is shown as it is.
export function say(key, values = {}) {
  const text = all()[key] ?? key.slice(key.indexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// What an outcome says, then what was seen; nothing where it says nothing.
export function said(outcome) {
  return outcome?.seen ? say("run.seen", { sentence: outcome.sentence ?? "", seen: outcome.seen }).trim() : outcome?.sentence;
}

export function announce(text) {
  const region = document.getElementById("announcer");
  if (region && region.textContent !== text) region.textContent = text;
}
