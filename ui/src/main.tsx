import { render } from "preact";
import { openPage } from "./data/open";
import { followTheme } from "./parts/theme";
import { App } from "./shell/App";
import "./styles/index.css";

followTheme();
const { source, route } = openPage();
const root = document.getElementById("app")!;
root.textContent = "";
render(<App source={source} route={route} />, root);
