// jira.js: the Cloud by REST v3 and ADF, tokens for pages, a form for files.
'use strict';

const assert = require('node:assert/strict');
const {Version3Client} = require('jira.js');

const SUBJECTS = [
  'search with paging', 'get', 'create', 'update', 'transition', 'comment', 'attach', 'users', 'links', 'delete', 'errors',
];
const shown = [];
const failed = [];

async function check(subject, saying, work) {
  try {
    await work();
    shown.push(subject);
    console.log(`ok    jira.js: ${subject}: ${saying}`);
  } catch (error) {
    failed.push(subject);
    console.log(`FAIL  jira.js: ${subject}: ${saying}`);
    console.log(error.stack || JSON.stringify(error));
  }
}

const connect = (apiToken) => new Version3Client({
  host: process.env.SANDBOX_URL,
  authentication: {basic: {email: 'integration@example.com', apiToken}},
});
const client = connect('admin');
const adf = (text) => ({
  type: 'doc', version: 1, content: [{type: 'paragraph', content: [{type: 'text', text}]}],
});

async function main() {
  await check('search with paging', '264 issues by token, each once', async () => {
    const keys = [];
    let nextPageToken;
    do {
      const page = await client.issueSearch.searchForIssuesUsingJqlEnhancedSearch({
        jql: 'project = HELP ORDER BY key', fields: ['summary'], maxResults: 100, nextPageToken,
      });
      keys.push(...page.issues.map((issue) => issue.key));
      nextPageToken = page.nextPageToken;
    } while (nextPageToken);
    assert.equal(keys.length, 264);
    assert.equal(new Set(keys).size, 264);
  });

  await check('get', 'an issue with its people', async () => {
    const issue = await client.issues.getIssue({issueIdOrKey: 'HELP-3'});
    assert.deepEqual(
      [issue.fields.summary, issue.fields.assignee.displayName], ['VPN drops every five minutes', 'Amara Okafor'],
    );
    assert.equal(issue.fields.description.type, 'doc');
  });

  await check('create', 'an incident with a document', async () => {
    const made = await client.issues.createIssue({
      fields: {
        project: {key: 'HELP'}, issuetype: {name: '[System] Incident'}, summary: 'From node', description: adf('Hello'),
      },
    });
    assert.equal(made.key, 'HELP-265');
  });

  await check('update', 'summary and labels', async () => {
    await client.issues.editIssue({
      issueIdOrKey: 'HELP-265', fields: {summary: 'Changed'}, update: {labels: [{add: 'from_node'}]},
    });
    const {fields} = await client.issues.getIssue({issueIdOrKey: 'HELP-265'});
    assert.deepEqual([fields.summary, fields.labels], ['Changed', ['from_node']]);
  });

  await check('transition', 'the first that is offered', async () => {
    const before = (await client.issues.getIssue({issueIdOrKey: 'HELP-265'})).fields.status.name;
    const {transitions} = await client.issues.getTransitions({issueIdOrKey: 'HELP-265'});
    const first = transitions.find((one) => one.to.name !== before);
    await client.issues.doTransition({issueIdOrKey: 'HELP-265', transition: {id: first.id}});
    assert.equal((await client.issues.getIssue({issueIdOrKey: 'HELP-265'})).fields.status.name, first.to.name);
  });

  await check('comment', 'added and read', async () => {
    await client.issueComments.addComment({issueIdOrKey: 'HELP-265', comment: adf('a comment')});
    const {comments} = await client.issueComments.getComments({issueIdOrKey: 'HELP-265'});
    assert.equal(comments[0].body.content[0].content[0].text, 'a comment');
  });

  await check('attach', 'a file by a form, and its bytes', async () => {
    const [file] = await client.issueAttachments.addAttachment({
      issueIdOrKey: 'HELP-265', attachment: {filename: 'note.txt', file: Buffer.from('kept\n')},
    });
    assert.deepEqual([file.filename, file.size], ['note.txt', 5]);
    const content = await client.issueAttachments.getAttachmentContent({id: file.id});
    assert.equal(Buffer.from(content).toString(), 'kept\n');
  });

  await check('users', 'who we are, and found', async () => {
    assert.equal((await client.myself.getCurrentUser()).displayName, 'Integration Service');
    const found = await client.userSearch.findUsers({query: 'ines'});
    assert.deepEqual(found.map((user) => user.displayName), ['Ines Tilden']);
  });

  await check('links', 'made and removed', async () => {
    await client.issueLinks.linkIssues({
      type: {name: 'Blocks'}, inwardIssue: {key: 'HELP-265'}, outwardIssue: {key: 'HELP-1'},
    });
    const {fields} = await client.issues.getIssue({issueIdOrKey: 'HELP-265'});
    assert.equal(fields.issuelinks.length, 1);
    await client.issueLinks.deleteIssueLink({linkId: fields.issuelinks[0].id});
  });

  await check('delete', 'for good', async () => {
    await client.issues.deleteIssue({issueIdOrKey: 'HELP-265'});
    await assert.rejects(client.issues.getIssue({issueIdOrKey: 'HELP-265'}));
  });

  await check('errors', 'a query that cannot be parsed, and a bad token', async () => {
    await assert.rejects(client.issueSearch.searchForIssuesUsingJqlEnhancedSearch({jql: 'project ='}));
    await assert.rejects(connect('wrong').myself.getCurrentUser());
  });

  const forgotten = SUBJECTS.filter((subject) => !shown.includes(subject) && !failed.includes(subject));
  forgotten.forEach((subject) => console.log(`FAIL  jira.js: ${subject}: neither checked nor skipped`));
  const wrong = failed.length + forgotten.length;
  console.log(`--    jira.js: ${shown.length} checks passed, ${wrong} failed, 0 skipped`);
  process.exitCode = wrong > 0 ? 1 : 0;
}

main();
