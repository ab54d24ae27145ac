// jira.js 6: Service Management, whose schemas are generated from Atlassian's own document. Its audit is on, in which a member
// or a word that the schemas do not name is noted, and a value of another type is refused.
'use strict';

process.env.AUDIT_SCHEMAS = 'true';

const assert = require('node:assert/strict');
const path = require('node:path');
const {pathToFileURL} = require('node:url');

const SUBJECTS = [
  'information', 'desks', 'request types', 'organizations', 'requests', 'create', 'comment', 'transition', 'attach', 'errors',
  'audit',
];
// What the schemas do not name, and the sandbox says all the same; each with the fact that overrides them.
const KNOWN = [];
const shown = [];
const failed = [];

async function check(subject, saying, work) {
  try {
    await work();
    shown.push(subject);
    console.log(`ok    jira.js 6: ${subject}: ${saying}`);
  } catch (error) {
    failed.push(subject);
    console.log(`FAIL  jira.js 6: ${subject}: ${saying}`);
    console.log(error.stack || JSON.stringify(error));
    if (error.report) console.log(JSON.stringify(error.report));
  }
}

async function main() {
  // The package is for `import` alone, which does not look where NODE_PATH says.
  const file = (name) => pathToFileURL(path.join(process.env.NODE_PATH, 'jira.js', 'dist', ...name.split('/'))).href;
  const {createServiceDeskClient} = await import(file('serviceDesk/index.js'));
  const connect = (apiToken) => createServiceDeskClient({
    host: process.env.SANDBOX_URL, auth: {type: 'basic', email: 'integration@example.com', apiToken},
  });
  const desk = connect('admin');

  await check('information', 'licensed, and of this version', async () => {
    assert.equal((await desk.info.getInfo()).isLicensedForUse, true);
  });

  await check('desks', 'one, with a queue', async () => {
    const {values, isLastPage} = await desk.servicedesk.getServiceDesks();
    assert.deepEqual([values.map((own) => own.projectKey), isLastPage], [['HELP'], true]);
    assert.equal((await desk.servicedesk.getServiceDeskById({serviceDeskId: '1'})).projectName, values[0].projectName);
    assert.equal((await desk.servicedesk.getQueues({serviceDeskId: '1'})).values.length, 1);
  });

  await check('request types', 'three, page by page, with their forms', async () => {
    const names = [];
    for (let start = 0, over = false; !over; start += 2) {
      const page = await desk.servicedesk.getRequestTypes({serviceDeskId: '1', start, limit: 2});
      names.push(...page.values.map((own) => own.name));
      over = page.isLastPage;
    }
    assert.deepEqual(names, ['Report a broken service', 'Ask for something', 'Announce a change']);
    const own = await desk.servicedesk.getRequestTypeById({serviceDeskId: '1', requestTypeId: 1});
    assert.equal(own.name, names[0]);
    const form = await desk.servicedesk.getRequestTypeFields({serviceDeskId: '1', requestTypeId: 1});
    assert.equal(form.requestTypeFields.find((field) => field.fieldId === 'summary').required, true);
  });

  await check('organizations', 'the customers, and who is in one', async () => {
    const all = await desk.organization.getOrganizations();
    assert.ok(all.values.length >= 2);
    const [first] = (await desk.organization.getServiceDeskOrganizations({serviceDeskId: '1'})).values;
    assert.equal((await desk.organization.getOrganization({organizationId: Number(first.id)})).name, first.name);
    const members = await desk.organization.getUsersInOrganization({organizationId: Number(first.id)});
    assert.ok(members.values.every((own) => own.accountId && own.displayName));
    const made = await desk.organization.createOrganization({name: 'From node'});
    assert.equal(made.name, 'From node');
  });

  await check('requests', 'all of them, by pages', async () => {
    const keys = new Set();
    for (let start = 0, over = false; !over; start += 100) {
      const page = await desk.request.getCustomerRequests({start, limit: 100});
      page.values.forEach((own) => keys.add(own.issueKey));
      over = page.isLastPage;
    }
    assert.ok(keys.size > 100);
  });

  let key;
  await check('create', 'a request by its type', async () => {
    const made = await desk.request.createCustomerRequest({
      serviceDeskId: '1', requestTypeId: '1',
      requestFieldValues: {summary: 'From node', description: 'The *machine* is silent'},
    });
    key = made.issueKey;
    assert.equal(made.currentStatus.statusCategory, 'NEW');
    const read = await desk.request.getCustomerRequestByIdOrKey({issueIdOrKey: key});
    assert.deepEqual([read.issueId, read.reporter.displayName], [made.issueId, 'Integration Service']);
    assert.equal((await desk.request.getRequestParticipants({issueIdOrKey: key})).size, 0);
  });

  await check('comment', 'a note and an answer, told apart', async () => {
    await desk.request.createRequestComment({issueIdOrKey: key, body: 'a note', public: false});
    const answer = await desk.request.createRequestComment({issueIdOrKey: key, body: 'an answer', public: true});
    const all = await desk.request.getRequestComments({issueIdOrKey: key});
    assert.deepEqual(all.values.map((own) => [own.body, own.public]), [['a note', false], ['an answer', true]]);
    const open = await desk.request.getRequestComments({issueIdOrKey: key, internal: false});
    assert.deepEqual(open.values.map((own) => own.id), [answer.id]);
    const one = await desk.request.getRequestCommentById({issueIdOrKey: key, commentId: Number(answer.id)});
    assert.equal(one.body, 'an answer');
  });

  await check('transition', 'as a customer may', async () => {
    const {values} = await desk.request.getCustomerTransitions({issueIdOrKey: key});
    const step = values.find((own) => own.name === 'Start work');
    await desk.request.performCustomerTransition({issueIdOrKey: key, id: step.id});
    const {values: went} = await desk.request.getCustomerRequestStatus({issueIdOrKey: key});
    assert.deepEqual(went.map((own) => own.status), ['In Progress', 'Open']);
  });

  await check('attach', 'a file in two steps', async () => {
    // Its own first step makes no form for a file; the second is its own.
    const form = new FormData();
    form.append('file', new Blob(['kept\n']), 'note.txt');
    const sent = await fetch(`${process.env.SANDBOX_URL}/rest/servicedeskapi/servicedesk/1/attachTemporaryFile`, {
      method: 'POST', body: form, headers: {
        authorization: `Basic ${Buffer.from('integration@example.com:admin').toString('base64')}`,
        'x-atlassian-token': 'no-check',
      },
    });
    const [{temporaryAttachmentId}] = (await sent.json()).temporaryAttachments;
    const made = await desk.request.createCommentWithAttachment({
      issueIdOrKey: key, temporaryAttachmentIds: [temporaryAttachmentId], public: true,
    });
    assert.equal(made.attachments.values[0].filename, 'note.txt');
    const all = await desk.request.getAttachmentsForRequest({issueIdOrKey: key, start: 0, limit: 50});
    assert.deepEqual(all.values.map((own) => [own.filename, own.size]), [['note.txt', 5]]);
  });

  await check('errors', 'what is not there, and a bad token', async () => {
    await assert.rejects(desk.request.getCustomerRequestByIdOrKey({issueIdOrKey: 'HELP-9999'}));
    await assert.rejects(desk.servicedesk.getServiceDeskById({serviceDeskId: '99'}));
    await assert.rejects(connect('wrong').servicedesk.getServiceDesks());
  });

  await check('audit', 'nothing that the schemas do not name', async () => {
    const found = (globalThis[Symbol.for('apis-code-gen.schemaAudit')] ?? []).map((own) => JSON.stringify(own));
    assert.deepEqual(found.filter((own) => !KNOWN.some((known) => own.includes(known))), []);
    KNOWN.forEach((known) => assert.ok(found.some((own) => own.includes(known)), `${known} is not said any more`));
  });

  const forgotten = SUBJECTS.filter((subject) => !shown.includes(subject) && !failed.includes(subject));
  forgotten.forEach((subject) => console.log(`FAIL  jira.js 6: ${subject}: neither checked nor skipped`));
  const wrong = failed.length + forgotten.length;
  console.log(`--    jira.js 6: ${shown.length} checks passed, ${wrong} failed, 0 skipped`);
  process.exitCode = wrong > 0 ? 1 : 0;
}

main();
