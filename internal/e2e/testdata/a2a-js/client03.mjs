// Calls the daemon with @a2a-js/sdk 0.3, as a program of A2A 0.3.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client';
import { collect, fetchAs, refused, settings, step, until } from './steps.mjs';

function factory(token) {
  const fetchImpl = fetchAs(token);
  return new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports: [new JsonRpcTransportFactory({ fetchImpl })], cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  }));
}

const client = await factory(settings.token).createFromUrl(settings.base);

function saying(text, more = {}, configuration = undefined) {
  return { message: { kind: 'message', messageId: randomUUID(), role: 'user', parts: [{ kind: 'text', text }], ...more }, configuration };
}

const textOf = (message) => message.parts.map((p) => p.text ?? '').join('');

await step('card discovery', async () => {
  const card = await client.getAgentCard();
  assert.equal(card.protocolVersion, '0.3.0');
  assert.equal(card.capabilities.streaming, true);
  assert.equal(card.securitySchemes.bearer.scheme, 'bearer');
});

await step('card of a named agent', async () => {
  const named = await factory(settings.token).createFromUrl(`${settings.base}/a2a/helper/`);
  assert.match((await named.getAgentCard()).url, /\/a2a\/helper\/json-rpc$/);
});

let done;
await step('send and wait', async () => {
  done = await client.sendMessage(saying('Hello', {}, { blocking: true }));
  assert.equal(done.kind, 'task');
  assert.equal(done.status.state, 'completed');
  assert.equal(textOf(done.status.message), 'Hello from the agent.');
});

await step('send and poll', async () => {
  const task = await client.sendMessage(saying('Hello', {}, { blocking: false }));
  assert.equal(task.status.state, 'submitted');
  const end = await until(() => client.getTask({ id: task.id }), (t) => t.status.state === 'completed');
  assert.equal(end.contextId, task.contextId);
  assert.equal(end.history[0].role, 'user');
});

await step('the same message again', async () => {
  const params = saying('Hello', {}, { blocking: true });
  const [one, other] = [await client.sendMessage(params), await client.sendMessage(params)];
  assert.equal(one.id, other.id);
});

await step('history length', async () => {
  assert.equal((await client.getTask({ id: done.id, historyLength: 0 })).history?.length ?? 0, 0);
});

await step('stream', async () => {
  const events = await collect(client.sendMessageStream(saying('Hello')));
  assert.equal(events[0].kind, 'task');
  const last = events.at(-1);
  assert.equal(last.kind, 'status-update');
  assert.equal(last.final, true);
  assert.equal(last.status.state, 'completed');
  assert.ok(events.every((e) => (e.taskId ?? e.id) === events[0].id));
});

await step('a question and its answer', async () => {
  const asked = await client.sendMessage(saying('ask me first', {}, { blocking: true }));
  assert.equal(asked.status.state, 'input-required');
  assert.match(textOf(asked.status.message), /Which one/);
  const answered = await client.sendMessage(saying('the blue one', { taskId: asked.id, contextId: asked.contextId }, { blocking: true }));
  assert.equal(answered.id, asked.id);
  assert.equal(answered.status.state, 'completed');
  assert.match(textOf(answered.status.message), /You mean the blue one/);
});

await step('resubscribe', async () => {
  const asked = await client.sendMessage(saying('ask me first', {}, { blocking: true }));
  const seen = [];
  for await (const event of client.resubscribeTask({ id: asked.id })) {
    seen.push(event);
    if (seen.length === 1) await client.sendMessage(saying('the red one', { taskId: asked.id }, { blocking: false }));
  }
  assert.equal(seen[0].kind, 'task');
  assert.equal(seen[0].status.state, 'input-required');
  assert.equal(seen.at(-1).status.state, 'completed');
});

await step('cancel', async () => {
  const asked = await client.sendMessage(saying('ask me first', {}, { blocking: true }));
  assert.equal((await client.cancelTask({ id: asked.id })).status.state, 'canceled');
  await refused(() => client.cancelTask({ id: asked.id }), /-32002|NotCancelable/);
  await refused(() => client.sendMessage(saying('more', { taskId: asked.id })), /-32004|Unsupported/);
});

await step('push configurations', async () => {
  const asked = await client.sendMessage(saying('ask me first', {}, { blocking: true }));
  const set = await client.setTaskPushNotificationConfig({ taskId: asked.id, pushNotificationConfig: { id: 'mine', url: settings.hook, token: 'told-0.3' } });
  assert.equal(set.pushNotificationConfig.url, settings.hook);
  const got = await client.getTaskPushNotificationConfig({ id: asked.id, pushNotificationConfigId: 'mine' });
  assert.equal(got.pushNotificationConfig.id, 'mine');
  assert.equal((await client.listTaskPushNotificationConfig({ id: asked.id })).length, 1);
  await client.sendMessage(saying('the green one', { taskId: asked.id }, { blocking: true }));
  const other = await client.sendMessage(saying('ask me first', {}, { blocking: true, pushNotificationConfig: { id: 'gone', url: settings.hook } }));
  await client.deleteTaskPushNotificationConfig({ id: other.id, pushNotificationConfigId: 'gone' });
  assert.equal((await client.listTaskPushNotificationConfig({ id: other.id })).length, 0);
  await refused(() => client.setTaskPushNotificationConfig({ taskId: other.id, pushNotificationConfig: { url: 'http://169.254.169.254/' } }), /-32602|https address/);
});

await step('errors', async () => {
  await refused(() => client.getTask({ id: 'nothing' }), /-32001|TaskNotFound/);
  await refused(() => collect(client.resubscribeTask({ id: 'nothing' })), /-32001|TaskNotFound/);
  await refused(() => client.sendMessage(saying('x', { taskId: 'nothing' })), /-32001|TaskNotFound/);
  await refused(() => client.sendMessage(saying('x', { parts: [{ kind: 'file', file: { bytes: 'eA==', mimeType: 'image/png' } }] })), /-32005|ContentType/);
  await refused(() => client.sendMessage(saying('x', { parts: [] })), /-32602/);
});

await step('bearer tokens', async () => {
  const other = await factory(settings.other).createFromUrl(settings.base);
  await refused(() => other.getTask({ id: done.id }), /-32001|TaskNotFound/);
  const nobody = await factory('wrong').createFromUrl(settings.base);
  await refused(() => nobody.getTask({ id: done.id }), /401|Unauthorized/);
});
