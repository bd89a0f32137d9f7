// MJML of letters, by name, on standard input; the official compiler's complaints about each on standard output.
import { readFileSync } from "node:fs";
import mjml2html from "mjml";

const { letters } = JSON.parse(readFileSync(0, "utf8"));
const complaints = {};
for (const [name, source] of Object.entries(letters)) {
  const { errors, html } = await mjml2html(source, { validationLevel: "soft", fonts: {} });
  complaints[name] = errors.map((error) => error.formattedMessage);
  // By itself the compiler leaves an include out without a word, or leaves this comment.
  if (source.includes("<mj-include") || html.includes("mj-include denied")) complaints[name].push("mj-include denied");
}
process.stdout.write(JSON.stringify(complaints));
