// The pages against a real daemon, whose address is in AOF_FORGE_DAEMON. It takes the
// key of the endpoint in place of a token.
import assert from 'node:assert/strict';
import test from 'node:test';

import { installed, open } from './host.mjs';

const address = process.env.AOF_FORGE_DAEMON;
const options = { skip: installed && address ? false : 'there is no daemon to ask, or npm install was not run' };

/** Sends requests as Forge does for a page whose resolver is this endpoint. */
const daemon = (endpoint) => async ({ path, method, body }) => {
  const answer = await fetch(address + path, {
    method, headers: { authorization: `Bearer ${endpoint}`, 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: {}, body: text === '' ? undefined : JSON.parse(text) };
};

const byId = (id) => (node) => String(node.props.id ?? '').endsWith(id);

test('settings go to the daemon and come back', options, async () => {
  const page = await open('admin', daemon('aof-config'));
  assert.match(page.text(), /One step is left/);
  await page.act('Toggle', 'onChange', byId('all-agents'));
  assert.deepEqual(page.find('CheckboxGroup').props.options.map((option) => option.value), ['bug-triager', 'issue-summarizer']);
  await page.act('CheckboxGroup', 'onChange', undefined, ['issue-summarizer']);
  await page.act('Textfield', 'onChange', byId('projects'), { target: { value: 'team, ops*' } });
  await page.act('Select', 'onChange', undefined, { label: 'issue-summarizer', value: 'issue-summarizer' });
  await page.act('Toggle', 'onChange', byId('mapping'));
  await page.act('Form', 'onSubmit');
  assert.match(page.text(), /Saved/);

  const again = await open('admin', daemon('aof-config'));
  assert.doesNotMatch(again.text(), /One step is left/);
  assert.deepEqual(again.find('CheckboxGroup').props.value, ['issue-summarizer']);
  assert.equal(again.find('Textfield', byId('projects')).props.value, 'TEAM, OPS*');
  assert.equal(again.find('Select').props.value.value, 'issue-summarizer');
  assert.equal(again.find('Toggle', byId('mapping')).props.isChecked, true);
});

test('the daemon says what is wrong with settings', options, async () => {
  const before = await daemon('aof-config')({ path: '/atlassian/config', method: 'GET' });
  // The page offers an agent that the daemon does not have any more.
  const page = await open('admin', async (request) => {
    const answer = await daemon('aof-config')(request);
    if (request.method === 'GET') {
      answer.body.agents.push('gone');
    }
    return answer;
  });
  await page.act('CheckboxGroup', 'onChange', undefined, ['issue-summarizer', 'gone']);
  await page.act('Form', 'onSubmit');
  assert.match(page.text(page.find('ErrorMessage')), /There is no agent "gone" here/);
  const after = await daemon('aof-config')({ path: '/atlassian/config', method: 'GET' });
  assert.deepEqual(after.body.settings, before.body.settings);
});

test('a user confirms at the daemon, and takes it back', options, async () => {
  const page = await open('personal', daemon('aof-account'));
  await page.act('LoadingButton', 'onClick');
  assert.match(page.text(), /Your account is connected/);
  const again = await open('personal', daemon('aof-account'));
  assert.match(again.text(), /Your account is connected/);
  await again.act('LoadingButton', 'onClick');
  assert.match(again.text(), /Connect your account first|not connected/);
});

test("a user's page cannot set what is an administrator's", options, async () => {
  const page = await open('admin', daemon('aof-account'));
  assert.match(page.text(), /This did not work/);
  assert.equal(page.all('Form').length, 0);
});
