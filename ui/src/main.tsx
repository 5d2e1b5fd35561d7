import { render } from "preact";
import { openPage } from "./data/open";
import { App } from "./shell/App";
import "./styles/index.css";

const { source, route } = openPage();
const root = document.getElementById("app")!;
root.textContent = "";
render(<App source={source} route={route} />, root);
