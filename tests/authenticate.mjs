// Judges messages as a receiver does, by mailauth. Reads {messages: [base64], dns: {name: {type: answer}}, envelope} as
// JSON from stdin and writes a list of results. Names are looked up in that table alone; nothing leaves the machine.
import { readFileSync } from "node:fs";
import { authenticate } from "mailauth";

const { messages, dns, envelope } = JSON.parse(readFileSync(0, "utf8"));

const resolver = async (name, type) => {
  const answer = dns[name]?.[type];
  if (!answer) throw Object.assign(new Error(`no ${type} of ${name}`), { code: "ENOTFOUND" });
  return answer;
};

const results = [];
for (const message of messages) {
  const { dkim, spf, dmarc } = await authenticate(Buffer.from(message, "base64"), { ...envelope, resolver, disableBimi: true });
  results.push({
    dkim: dkim.results.map(({ status }) => status.result),
    spf: spf.status.result,
    dmarc: dmarc.status?.result ?? "none",
    dmarcAligned: dmarc.alignment,
  });
}
process.stdout.write(JSON.stringify(results));
