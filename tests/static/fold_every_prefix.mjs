// Reads a log from standard input and writes the state after each of its prefixes.
import { readFileSync } from "node:fs";
import { EMPTY, fold } from "../../static/js/run_state.js";

const states = [EMPTY];
for (const event of JSON.parse(readFileSync(0, "utf8"))) states.push(fold(states.at(-1), event));
process.stdout.write(JSON.stringify(states));
