import assert from 'node:assert/strict';
import test from 'node:test';

import { installed, open } from './host.mjs';

const options = { skip: installed ? false : 'npm install was not run' };
const config = {
  configured: false, agents: ['bug-triager', 'issue-summarizer'], accountMappingRequired: false, state: 's',
  settings: { agents: [], projects: [], requireAccountMapping: false, defaultAgent: '' },
};
const account = { mapped: false, required: true, hasToken: false, confirms: 'here', state: 's' };

/** A daemon that keeps what was set. */
function settingsDaemon(first = config) {
  let now = first;
  return ({ method, body }) => {
    if (method === 'PUT') {
      now = { ...now, configured: true, settings: body };
    }
    return { status: 200, headers: {}, body: now };
  };
}

const byId = (id) => (node) => String(node.props.id ?? node.props.inputId ?? '').endsWith(id);

test('an administrator sees what is set, changes it and saves', options, async () => {
  const page = await open('admin', settingsDaemon());
  assert.match(page.text(), /One step is left/);
  assert.equal(page.requests[0].path, '/atlassian/config');
  assert.equal(page.requests[0].method, 'GET');

  await page.act('Toggle', 'onChange', byId('all-agents'));
  await page.act('CheckboxGroup', 'onChange', undefined, ['bug-triager']);
  await page.act('Textfield', 'onChange', byId('projects'), { target: { value: 'team, ops*' } });
  await page.act('Select', 'onChange', undefined, { label: 'bug-triager', value: 'bug-triager' });
  await page.act('Toggle', 'onChange', byId('mapping'));
  await page.act('Form', 'onSubmit');

  const sent = page.requests.at(-1);
  assert.equal(sent.method, 'PUT');
  assert.deepEqual(sent.body, { agents: ['bug-triager'], projects: ['TEAM', 'OPS*'], requireAccountMapping: true, defaultAgent: 'bug-triager' });
  assert.match(page.text(), /Saved/);
  assert.doesNotMatch(page.text(), /One step is left/);
});

test('saving without a change configures the site', options, async () => {
  const page = await open('admin', settingsDaemon());
  await page.act('Form', 'onSubmit');
  assert.deepEqual(page.requests.at(-1).body, config.settings);
});

test('what cannot be is not sent', options, async () => {
  const page = await open('admin', settingsDaemon());
  const before = page.requests.length;
  await page.act('Toggle', 'onChange', byId('all-agents'));
  await page.act('Form', 'onSubmit');
  assert.equal(page.requests.length, before);
  assert.match(page.text(), /Choose one agent at least/);
});

test('problems that the daemon tells are shown, and the form stays', options, async () => {
  const page = await open('admin', ({ method }) => method === 'GET' ? { status: 200, body: config }
    : { status: 422, body: { error: 'Some of this cannot be set', problems: [{ field: 'projects[0]', message: 'No such key' }] } });
  await page.act('Textfield', 'onChange', byId('projects'), { target: { value: 'TEAM' } });
  await page.act('Form', 'onSubmit');
  assert.match(page.text(), /Some of this cannot be set/);
  assert.match(page.text(page.find('ErrorMessage')), /No such key/);
  assert.equal(page.find('Textfield', byId('projects')).props.value, 'TEAM');
  assert.doesNotMatch(page.text(), /Saved/);
});

test('a daemon that refuses the page is heard', options, async () => {
  const page = await open('admin', () => ({ status: 403, body: { error: 'Only administrators of the site may set this' } }));
  assert.match(page.text(), /Only administrators of the site/);
  assert.equal(page.all('Form').length, 0);
});

test('missing scopes, the owner and the link are shown', options, async () => {
  const page = await open('admin', settingsDaemon({ ...config, configured: true, missingScopes: ['write:jira-work'], connectUrl: 'https://agents.company.com/atlassian/connect?state=s' }));
  assert.match(page.text(), /write:jira-work/);
  assert.equal(page.find('Link').props.href, 'https://agents.company.com/atlassian/connect?state=s');
  const owned = await open('admin', settingsDaemon({ ...config, owner: { subject: 's', name: 'Ann', at: '2026-01-01T00:00:00Z' } }));
  assert.match(owned.text(), /Ann\s+connected it/);
});

test('a user confirms, and takes it back', options, async () => {
  let mapped = false;
  const page = await open('personal', ({ method }) => {
    mapped = method === 'PUT' || (mapped && method !== 'DELETE');
    return { status: 200, body: { ...account, mapped, person: mapped ? { subject: 'atlassian:1', at: '2026-01-01T00:00:00Z' } : undefined } };
  });
  assert.match(page.text(), /Connect your account first/);
  await page.act('LoadingButton', 'onClick');
  assert.deepEqual([page.requests.at(-1).method, page.requests.at(-1).path], ['PUT', '/atlassian/account']);
  assert.match(page.text(), /Your account is connected/);
  await page.act('LoadingButton', 'onClick');
  assert.equal(page.requests.at(-1).method, 'DELETE');
  assert.match(page.text(), /Connect your account first/);
});

test('a user is led to where accounts are connected', options, async () => {
  const page = await open('personal', () => ({ status: 200, body: { ...account, confirms: 'connect', connectUrl: 'https://agents.company.com/atlassian/connect?state=a' } }));
  assert.equal(page.find('Link').props.href, 'https://agents.company.com/atlassian/connect?state=a');
  assert.match(page.text(), /Connect my account/);
});

test('a user is told that the server is away', options, async () => {
  const page = await open('personal', () => ({ status: 503, message: '' }));
  assert.match(page.text(), /not ready/);
});
