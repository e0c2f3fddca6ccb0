// Drives the endpoint with the TypeScript SDK's client; prints what it saw as one JSON object.
// Arguments: the endpoint's URL and a key.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, key] = process.argv.slice(2);
const transport = new StreamableHTTPClientTransport(new URL(url), {
  requestInit: { headers: { "X-API-Key": key } },
});
const client = new Client({ name: "tests", version: "1" });
await client.connect(transport);

const call = (name, args) => client.callTool({ name, arguments: args });
const image = { prompt: "A lighthouse at dusk", model: "nano-banana" };

const { tools } = await client.listTools();
const start = await call("generate_media", image);
const id = start.structuredContent.generation_id;
const status = await call("get_generation_status", { generation_id: id });
const refused = await call("generate_media", { ...image, model: "no-such-model" });
const malformed = await call("generate_media", { prompt: 4 });
const unknown = await call("no_such_tool", {}).catch((error) => ({ code: error.code }));
const { resources } = await client.listResources();
const { contents } = await client.readResource({ uri: resources[0].uri });
const { prompts } = await client.listPrompts();
const { messages } = await client.getPrompt({
  name: "price-before-start",
  arguments: { wanted: "a waltz" },
});
const unpriced = await client
  .getPrompt({ name: "price-before-start" })
  .catch((error) => ({ code: error.code }));
const session = transport.sessionId;
await transport.terminateSession();
await client.close();

console.log(
  JSON.stringify({
    version: transport.protocolVersion,
    session: typeof session,
    tools: tools.map((tool) => tool.name),
    started: start.structuredContent,
    status: status.structuredContent,
    refused: [refused.isError, refused.structuredContent],
    malformed: [malformed.isError, malformed.structuredContent],
    unknown: unknown.code,
    resources: resources.map((resource) => resource.uri),
    text: contents[0].text,
    prompts: prompts.map((prompt) => prompt.name),
    asked: messages[0].content.text,
    unpriced: unpriced.code,
  }),
);
