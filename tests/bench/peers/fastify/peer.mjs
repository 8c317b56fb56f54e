// Read one issue, as a careful team would write it with Fastify and pg: the same table, the same policies, the same tokens.
// PEER_PORT, PEER_DATABASE (a conninfo of the serving role), PEER_JWKS or PEER_SECRET (an HS256 key file), PEER_PROCESSES.
import cluster from "node:cluster";
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createVerifier } from "fast-jwt";
import Fastify from "fastify";
import pg from "pg";

const columns = `id, ref, version, created_at, created_by, updated_at, updated_by, archived_at, status, title, description, origin,
  effect, concern, category, influence, control, owner_id, review_on, reviewed_on, priority, quadrant`;
const holders = ["owner", "manager", "contributor", "risk_owner", "top_management", "internal_auditor", "reader", "consultant"];
const text = { type: ["string", "null"] }, number = { type: "integer" };
const schema = {
  response: {
    200: {
      type: "object",
      properties: Object.fromEntries(columns.split(",").map((c) => c.trim()).map((c) =>
        [c, ["version", "influence", "control", "priority"].includes(c) ? number : text])),
    },
  },
};

async function verifier() {
  if (process.env.PEER_SECRET) {
    const secret = Buffer.from(readFileSync(process.env.PEER_SECRET, "utf8").trim(), "hex");
    return createVerifier({ key: secret, algorithms: ["HS256"], allowedAud: "ballium", cache: true });
  }
  const { keys } = await (await fetch(process.env.PEER_JWKS)).json();
  const pem = new Map(keys.map((k) => [k.kid, createPublicKey({ key: k, format: "jwk" }).export({ type: "spki", format: "pem" })]));
  const key = pem.size === 1 ? [...pem.values()][0] : async ({ header }) => pem.get(header.kid); // one key: verified tokens are cached
  return createVerifier({ key, allowedAud: "ballium", cache: true });
}

async function serve() {
  const conninfo = Object.fromEntries(process.env.PEER_DATABASE.split(" ").map((p) => p.split("=")));
  const pool = new pg.Pool({ host: conninfo.host, user: conninfo.user, database: conninfo.dbname, max: 8 });
  const verify = await verifier();
  const tenants = new Map();
  const app = Fastify({ logger: true });
  app.addHook("onResponse", async (request, reply) => { // a line a request, like the service, in place of its own two
    app.log.info({ reqId: request.id, method: request.method, route: request.routeOptions.url, status: reply.statusCode, ms: reply.elapsedTime });
  });
  app.get("/api/v1/orgs/:org/context/issues/:id", { schema, logLevel: "silent" }, async (request, reply) => {
    let claims;
    try {
      claims = await verify((request.headers.authorization ?? "").replace(/^Bearer /, ""));
    } catch (error) {
      return reply.code(401).send({ title: error.message });
    }
    const { org, id } = request.params;
    const client = await pool.connect();
    try {
      let tenant = tenants.get(org);
      if (!tenant) {
        tenant = (await client.query("SELECT id FROM core.find_organisation($1)", [org])).rows[0].id;
        tenants.set(org, tenant);
      }
      await client.query({ name: "begin", text: "BEGIN READ ONLY" });
      await client.query({ name: "enter", text: "SELECT core.enter($1, $2, 'context.issue:read', $3)", values: [claims.sub, tenant, holders] });
      const { rows } = await client.query({
        name: "read", text: `SELECT ${columns} FROM context.issue WHERE tenant_id = $1 AND id = $2`, values: [tenant, id],
      });
      await client.query({ name: "commit", text: "COMMIT" });
      if (rows.length === 0) return reply.code(404).send({ title: "no such issue" });
      return reply.header("ETag", `"${rows[0].version}"`).send(rows[0]);
    } catch (error) {
      await client.query("ROLLBACK");
      return reply.code(500).send({ title: error.message });
    } finally {
      client.release();
    }
  });
  await app.listen({ host: "127.0.0.1", port: Number(process.env.PEER_PORT) });
}

if (cluster.isPrimary && Number(process.env.PEER_PROCESSES) > 1) {
  for (let i = 0; i < Number(process.env.PEER_PROCESSES); i++) cluster.fork();
  process.on("SIGTERM", () => { for (const w of Object.values(cluster.workers)) w.kill(); process.exit(0); });
} else {
  await serve();
}
