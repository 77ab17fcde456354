// REST as the pages use it: the sign-in cookie with CSRF, problems as errors with a code and a sentence.

export class Problem extends Error {
  // errors: [{field, code, detail}, …] where fields were refused
  constructor(status, code, detail, errors = []) {
    super(detail);
    Object.assign(this, { status, code, errors });
  }
}

// Read when it is needed: signing in elsewhere in this browser changes it while a page is open.
export const csrf = () => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? document.body.dataset.csrf;

export function toSignIn() {
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`${document.body.dataset.signIn}?next=${next}`);
}

export function problemOf(status, text) {
  try {
    const body = JSON.parse(text);
    return new Problem(status, body.code ?? "error", body.detail ?? body.title ?? `HTTP ${status}`, body.errors);
  } catch {
    return new Problem(status, "error", `HTTP ${status}`);
  }
}

async function answered(response) {
  if (response.ok) return response.status === 204 ? null : response.json();
  throw problemOf(response.status, await response.text());
}

export async function get(address) {
  return answered(await fetch(address, { headers: { Accept: "application/json" } }));
}

async function sent(method, address, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrf() };
  return answered(await fetch(address, { method, headers, body: JSON.stringify(body) }));
}

export const post = (address, body) => sent("POST", address, body);
export const patch = (address, body) => sent("PATCH", address, body);
