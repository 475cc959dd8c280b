/** The entry of the page. */
import "./style/tokens.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/parts.css";
import "./style/screens.css";
import { render } from "preact";
import { App, start } from "./app.tsx";

start();
render(<App />, document.body);
