// A client to try sockets with: opens one, sends frames, shows frames with their times. Newest first, the last 500.
import { socketAddress } from "./live.js";
import { announce, say } from "./words.js";

const SHOWN = 500;
const FOLDED_FROM = 400; // characters
const BEGINNING = 160;
const $ = (id) => document.getElementById(id);
let socket = null;
let count = 0;

function show(way, text) {
  const row = document.createElement("tr");
  const time = document.createElement("td");
  time.className = "nowrap";
  time.textContent = new Date().toISOString().slice(11, 23);
  const words = document.createElement("td");
  words.className = "nowrap";
  words.textContent = say(`sockets.${way}`);
  const frame = document.createElement("td");
  frame.className = "break";
  frame.append(text.length > FOLDED_FROM ? folded(text) : codeOf(text));
  row.dataset.way = way;
  row.append(time, words, frame);
  $("frames").prepend(row);
  while ($("frames").children.length > SHOWN) $("frames").lastElementChild.remove();
  count += 1;
  $("frame-count").textContent = say("sockets.count", { count });
}

function codeOf(text) {
  const code = document.createElement("code");
  code.textContent = text;
  return code;
}

// Its beginning, and all of it when it is opened: a snapshot alone can be forty screens of a phone.
function folded(text) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const length = document.createElement("span");
  length.className = "small soft";
  length.textContent = say("sockets.length", { count: text.length });
  summary.append(codeOf(`${text.slice(0, BEGINNING)}…`), " ", length);
  details.append(summary, codeOf(text));
  return details;
}

function becomes(state, values) {
  $("socket-state").textContent = say(`sockets.${state}`, values);
  $("open").disabled = socket !== null;
  $("close").disabled = socket === null;
  $("send").disabled = socket?.readyState !== WebSocket.OPEN;
}

function open(address) {
  try {
    socket = new WebSocket(socketAddress(address));
  } catch (error) {
    announce(error.message);
    $("socket-state").textContent = error.message;
    return;
  }
  becomes("opening");
  socket.onopen = () => becomes("open");
  socket.onmessage = (event) => show("in", event.data);
  socket.onclose = (event) => {
    socket = null;
    show("closed", `${event.code} ${event.reason}`.trim());
    becomes("ended", { code: event.code });
  };
}

$("open-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const address = $("address").value.trim();
  if (socket === null) open(address.startsWith("/") ? address : `/${address}`);
});

$("send-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send($("frame").value);
  show("out", $("frame").value);
});

$("frame").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("send-form").requestSubmit();
});

$("close").addEventListener("click", () => socket?.close(1000));
$("clear").addEventListener("click", () => {
  $("frames").replaceChildren();
  count = 0;
  $("frame-count").textContent = "";
});
