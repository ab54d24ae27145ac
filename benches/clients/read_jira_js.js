// Reads every issue with jira.js; argv: base URL, fields by commas, page size. Prints count and seconds.
'use strict';

const {Version3Client} = require('jira.js');

const [url, fields, size] = process.argv.slice(2);

async function main() {
  const begun = performance.now();
  const client = new Version3Client({host: url, authentication: {basic: {email: 'admin', apiToken: 'admin'}}});
  let count = 0;
  let nextPageToken;
  do {
    const page = await client.issueSearch.searchForIssuesUsingJqlEnhancedSearchPost({
      jql: 'project = HELP ORDER BY id ASC', fields: fields.split(','), maxResults: Number(size), nextPageToken,
    });
    count += page.issues.length;
    nextPageToken = page.nextPageToken;
  } while (nextPageToken);
  console.log(count, (performance.now() - begun) / 1000);
}

main();
