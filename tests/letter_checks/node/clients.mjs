// HTML of letters, by name, on standard input; what which mail client lacks of each on standard output.
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const { letters, clients } = JSON.parse(readFileSync(0, "utf8"));
const lacking = {};
for (const [name, html] of Object.entries(letters)) {
  const { errors, warnings } = caniemail({ clients, html }).issues;
  const pairs = [...errors, ...warnings].flatMap(([client, features]) =>
    features.map(({ title }) => `${client}: ${title}`),
  );
  lacking[name] = [...new Set(pairs)].sort();
}
process.stdout.write(JSON.stringify(lacking));
