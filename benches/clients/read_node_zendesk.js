// Reads every ticket with node-zendesk; argv: base URL, nothing, page size. Prints count and seconds.
'use strict';

const {createClient} = require('node-zendesk');

const [url] = process.argv.slice(2);

async function main() {
  const begun = performance.now();
  const client = createClient({endpointUri: `${url}/api/v2`, token: 'sandbox-bearer', oauth: true});
  // It pages by cursor, 100 at a time, and gathers everything.
  client.tickets.sideLoad = ['users', 'groups', 'organizations', 'metric_sets'];
  const tickets = await client.tickets.list();
  console.log(tickets.length, (performance.now() - begun) / 1000);
}

main();
