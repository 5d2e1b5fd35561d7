import { render } from "preact";
import { openPage } from "./data/open";
import { mark } from "./parts/probe";
import { followTheme } from "./parts/theme";
import { App } from "./shell/App";
import "./styles/index.css";

mark("start");
followTheme();
const { source, route } = openPage();
const root = document.getElementById("app")!;
root.textContent = "";
render(<App source={source} route={route} />, root);
