// The real Socket.IO client: prints everything it is told as JSON lines, leaves when its input ends.
// node socketio_client.mjs <folder of node_modules> <url> <options as JSON>
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, url, options] = process.argv.slice(2);
const { io } = createRequire(`${folder}/`)("socket.io-client");
const say = (event, data = null) => process.stdout.write(`${JSON.stringify({ event, data })}\n`);

const socket = io(url, { reconnection: false, ...JSON.parse(options) });
socket.on("connect", () => say("connect", socket.io.engine.transport.name));
socket.on("connect_error", (error) => say("connect_error", { message: error.message, data: error.data ?? null }));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.onAny((event, data) => say(event, data));
socket.io.engine.on("upgrade", (transport) => say("upgrade", transport.name));
createInterface({ input: process.stdin })
  .on("line", (line) => socket.emit(...JSON.parse(line)))
  .on("close", () => process.exit(0));
