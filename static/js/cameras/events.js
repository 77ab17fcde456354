// What a camera sees, as it happens: the events socket, opened again after every loss. It only says that there is more.
import { toSignIn } from "../api.js";
import { RETRY_FIRST_MS, RETRY_MOST_MS, SILENT_MS, socketAddress } from "../live.js";

const SIGNED_OUT = 4001;
const FINAL = new Set([1008, 4003, 4004]);

// onEvent(record) gets every footage record of the camera; onJoin() says that some may have been missed until now.
export function listenToCamera(key, { onEvent, onJoin }) {
  let wait = RETRY_FIRST_MS;
  let silent = 0;

  const open = () => {
    const socket = new WebSocket(socketAddress(`/ws/events?camera_id=${encodeURIComponent(key)}`));
    const heard = () => {
      clearTimeout(silent);
      silent = setTimeout(() => socket.close(), SILENT_MS);
    };
    socket.onmessage = ({ data }) => {
      heard();
      const frame = JSON.parse(data);
      if (frame.type === "connected") {
        wait = RETRY_FIRST_MS;
        onJoin();
      } else if (frame.event_type) onEvent(frame);
    };
    socket.onclose = ({ code }) => {
      clearTimeout(silent);
      if (code === SIGNED_OUT) toSignIn();
      if (code === SIGNED_OUT || FINAL.has(code)) return;
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, RETRY_MOST_MS);
    };
    heard();
  };
  open();
}
