// What every page does: takes files, and shows what is under way.
import { listen } from "./drop.js";
import { Panel } from "./panel.js";

listen();
new Panel().start();
