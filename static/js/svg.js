// Drawing with SVG elements.
const SVG = "http://www.w3.org/2000/svg";

// A new element with these attributes, put at the end of `parent` where one is given.
export function element(name, attributes, parent = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

// The same for HTML; `text` becomes its text.
export function tag(name, attributes = {}, text = "") {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  return node;
}
