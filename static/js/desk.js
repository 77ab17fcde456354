// What every page does: takes files, sends forms once, and shows what is under way.
import { listen } from "./drop.js";
import { sendOnce } from "./forms.js";
import { Panel } from "./panel.js";

listen();
sendOnce();
new Panel().start();
