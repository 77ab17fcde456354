// REST as the pages use it: the sign-in cookie with CSRF, problems as errors with a code and a sentence.

export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
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
    return new Problem(status, body.code ?? "error", body.detail ?? body.title ?? `HTTP ${status}`);
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

export async function post(address, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrf() };
  return answered(await fetch(address, { method: "POST", headers, body: JSON.stringify(body) }));
}
