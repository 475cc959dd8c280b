/** The entry of the page. */
// The bundler has no styles for parts that are loaded later.
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/parts.css";
import "./style/message.css";
import "./style/screens.css";
import "./style/forms.css";
import { render } from "preact";
import { App, start } from "./app.tsx";

start();
render(<App />, document.body);
