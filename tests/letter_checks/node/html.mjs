// HTML of letters, by name, on standard input; what html-validate says against each on standard output.
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

const { letters, config } = JSON.parse(readFileSync(0, "utf8"));
const validator = new HtmlValidate(config);
const complaints = {};
for (const [name, html] of Object.entries(letters)) {
  const { results } = await validator.validateString(html, "letter.html");
  complaints[name] = results
    .flatMap(({ messages }) => messages)
    .map(({ ruleId, line, column, message }) => `${line}:${column} ${ruleId}: ${message}`);
}
process.stdout.write(JSON.stringify(complaints));
