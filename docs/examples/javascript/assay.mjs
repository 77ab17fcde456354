// What the examples share. Node 20 or newer, nothing to install.

const url = (process.env.ASSAY_URL ?? '').replace(/\/$/, '');
const key = process.env.ASSAY_KEY;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The arguments, if there are as many as there may be; otherwise says how the example is used. */
export function given(usage, least, most = least) {
  const words = process.argv.slice(2);
  if (url && key && words[0] && words.length >= least && words.length <= most) return words;
  console.error(`usage: ASSAY_URL=… ASSAY_KEY=… node ${usage}`);
  process.exit(2);
}

/** Asks the server. A server that is away or overloaded is asked again; a refusal is thrown. */
export async function ask(method, path, { json, body, headers = {} } = {}) {
  for (let wait = 100; ; wait = Math.min(wait * 2, 5000)) {
    let answer;
    try {
      answer = await fetch(url + path, {
        method,
        redirect: 'error',
        headers: {
          Authorization: `Bearer ${key}`,
          ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        body: json === undefined ? body : JSON.stringify(json),
      });
    } catch {
      await sleep(wait); // no connection
      continue;
    }
    if (answer.ok) return answer;
    if (![429, 502, 503, 504].includes(answer.status)) {
      const problem = await answer.json().catch(() => ({})); // RFC 9457
      throw Object.assign(new Error(`${answer.status} ${problem.code}: ${problem.detail}`), { status: answer.status });
    }
    await sleep(Math.max(wait, 1000 * Number(answer.headers.get('Retry-After') ?? 0)));
  }
}
