// Calls the daemon with @a2a-js/sdk 1, as a program of A2A 1.0.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Role, TaskState } from '@a2a-js/sdk';
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client';
import { collect, fetchAs, refused, settings, step, until } from './steps.mjs';

function factory(token) {
  const fetchImpl = fetchAs(token);
  return new ClientFactory(ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports: [new JsonRpcTransportFactory({ fetchImpl })], cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  }));
}

const client = await factory(settings.token).createFromUrl(settings.base);

const text = (value) => ({ content: { $case: 'text', value }, metadata: undefined, filename: '', mediaType: '' });

function saying(words, more = {}, configuration = {}) {
  return {
    tenant: '', metadata: undefined,
    message: { messageId: randomUUID(), role: Role.ROLE_USER, parts: [text(words)], contextId: '', taskId: '', metadata: undefined, extensions: [], referenceTaskIds: [], ...more },
    configuration: { acceptedOutputModes: [], taskPushNotificationConfig: undefined, historyLength: undefined, returnImmediately: false, ...configuration },
  };
}

const textOf = (message) => message.parts.map((p) => p.content?.value ?? '').join('');
const get = (id, more = {}) => client.getTask({ tenant: '', id, historyLength: undefined, ...more });

await step('card discovery', async () => {
  const card = await client.getAgentCard();
  assert.equal(card.supportedInterfaces[0].protocolVersion, '1.0');
  assert.equal(card.capabilities.streaming, true);
  assert.ok(card.securitySchemes.bearer);
});

await step('card of a named agent', async () => {
  const named = await factory(settings.token).createFromUrl(`${settings.base}/a2a/helper/`);
  assert.match((await named.getAgentCard()).supportedInterfaces[0].url, /\/a2a\/helper\/json-rpc$/);
});

let done;
await step('send and wait', async () => {
  done = await client.sendMessage(saying('Hello'));
  assert.equal(done.status.state, TaskState.TASK_STATE_COMPLETED);
  assert.equal(textOf(done.status.message), 'Hello from the agent.');
});

await step('send and poll', async () => {
  const task = await client.sendMessage(saying('Hello', {}, { returnImmediately: true }));
  assert.equal(task.status.state, TaskState.TASK_STATE_SUBMITTED);
  const end = await until(() => get(task.id), (t) => t.status.state === TaskState.TASK_STATE_COMPLETED);
  assert.equal(end.contextId, task.contextId);
  assert.equal(end.history[0].role, Role.ROLE_USER);
});

await step('the same message again', async () => {
  const params = saying('Hello');
  const [one, other] = [await client.sendMessage(params), await client.sendMessage(params)];
  assert.equal(one.id, other.id);
});

await step('history length', async () => {
  assert.equal((await get(done.id, { historyLength: 0 })).history.length, 0);
});

await step('list', async () => {
  const all = { tenant: '', contextId: '', status: TaskState.TASK_STATE_UNSPECIFIED, pageSize: 2, pageToken: '', historyLength: undefined, statusTimestampAfter: undefined, includeArtifacts: undefined };
  const first = await client.listTasks(all);
  assert.equal(first.tasks.length, 2);
  assert.ok(first.totalSize >= 3);
  const second = await client.listTasks({ ...all, pageToken: first.nextPageToken });
  assert.ok(second.tasks.every((t) => first.tasks.every((f) => f.id !== t.id)));
  const one = await client.listTasks({ ...all, contextId: done.contextId });
  assert.deepEqual(one.tasks.map((t) => t.id), [done.id]);
  assert.equal(one.nextPageToken, '');
});

await step('stream', async () => {
  const events = (await collect(client.sendMessageStream(saying('Hello')))).map((e) => e.payload);
  assert.equal(events[0].$case, 'task');
  assert.equal(events.at(-1).$case, 'statusUpdate');
  assert.equal(events.at(-1).value.status.state, TaskState.TASK_STATE_COMPLETED);
  assert.ok(events.slice(1).every((e) => e.value.taskId === events[0].value.id));
});

await step('a question and its answer', async () => {
  const asked = await client.sendMessage(saying('ask me first'));
  assert.equal(asked.status.state, TaskState.TASK_STATE_INPUT_REQUIRED);
  assert.match(textOf(asked.status.message), /Which one/);
  const answered = await client.sendMessage(saying('the blue one', { taskId: asked.id, contextId: asked.contextId }));
  assert.equal(answered.id, asked.id);
  assert.equal(answered.status.state, TaskState.TASK_STATE_COMPLETED);
  assert.match(textOf(answered.status.message), /You mean the blue one/);
});

await step('resubscribe', async () => {
  const asked = await client.sendMessage(saying('ask me first'));
  const seen = [];
  for await (const event of client.resubscribeTask({ tenant: '', id: asked.id })) {
    seen.push(event.payload);
    if (seen.length === 1) await client.sendMessage(saying('the red one', { taskId: asked.id }, { returnImmediately: true }));
  }
  assert.equal(seen[0].$case, 'task');
  assert.equal(seen[0].value.status.state, TaskState.TASK_STATE_INPUT_REQUIRED);
  assert.equal(seen.at(-1).value.status.state, TaskState.TASK_STATE_COMPLETED);
});

await step('cancel', async () => {
  const asked = await client.sendMessage(saying('ask me first'));
  const canceled = await client.cancelTask({ tenant: '', id: asked.id, metadata: undefined });
  assert.equal(canceled.status.state, TaskState.TASK_STATE_CANCELED);
  await refused(() => client.cancelTask({ tenant: '', id: asked.id, metadata: undefined }), /-32002|NotCancelable/);
  await refused(() => client.sendMessage(saying('more', { taskId: asked.id })), /-32004|Unsupported/);
  await refused(() => collect(client.resubscribeTask({ tenant: '', id: asked.id })), /-32004|Unsupported/);
});

await step('push configurations', async () => {
  const config = (taskId, id, url, token = '') => ({ tenant: '', taskId, id, url, token, authentication: { scheme: 'Bearer', credentials: 'told-1.0' } });
  const asked = await client.sendMessage(saying('ask me first'));
  const set = await client.createTaskPushNotificationConfig(config(asked.id, 'mine', settings.hook));
  assert.equal(set.url, settings.hook);
  const got = await client.getTaskPushNotificationConfig({ tenant: '', taskId: asked.id, id: 'mine' });
  assert.equal(got.id, 'mine');
  const list = (taskId) => client.listTaskPushNotificationConfig({ tenant: '', taskId, pageSize: 0, pageToken: '' });
  assert.equal((await list(asked.id)).configs.length, 1);
  await client.sendMessage(saying('the green one', { taskId: asked.id }));
  const other = await client.sendMessage(saying('ask me first', {}, { taskPushNotificationConfig: config('', 'gone', settings.hook) }));
  await client.deleteTaskPushNotificationConfig({ tenant: '', taskId: other.id, id: 'gone' });
  assert.equal((await list(other.id)).configs.length, 0);
  await refused(() => client.createTaskPushNotificationConfig(config(other.id, '', 'http://169.254.169.254/')), /-32602|https address/);
});

await step('errors', async () => {
  await refused(() => get('nothing'), /-32001|TaskNotFound/);
  await refused(() => collect(client.resubscribeTask({ tenant: '', id: 'nothing' })), /-32001|TaskNotFound/);
  await refused(() => client.sendMessage(saying('x', { taskId: 'nothing' })), /-32001|TaskNotFound/);
  const image = { content: { $case: 'raw', value: Buffer.from('x') }, metadata: undefined, filename: '', mediaType: 'image/png' };
  await refused(() => client.sendMessage(saying('x', { parts: [image] })), /-32005|ContentType/);
  await refused(() => client.sendMessage(saying('x', { parts: [] })), /-32602|Invalid/);
  await refused(() => client.getAgentCard().then((card) => client.transport.getExtendedAgentCard({ tenant: '' })), /-32004|-32007|Unsupported|Extended/);
});

await step('bearer tokens', async () => {
  const other = await factory(settings.other).createFromUrl(settings.base);
  await refused(() => other.getTask({ tenant: '', id: done.id, historyLength: undefined }), /-32001|TaskNotFound/);
  const nobody = await factory('wrong').createFromUrl(settings.base);
  await refused(() => nobody.getTask({ tenant: '', id: done.id, historyLength: undefined }), /401|Unauthorized/);
});
