import assert from 'node:assert/strict';
import test from 'node:test';

import { call, RemoteError } from '../src/lib/remote.js';

const request = { path: '/atlassian/config', method: 'GET' };

/** A bridge that gives this answer. */
const answering = (answer) => async (sent) => {
  assert.deepEqual(sent, request);
  return answer;
};

for (const [name, answer, want] of [
  ['an object', { status: 200, body: { a: 1 } }, { a: 1 }],
  ['the text of one', { status: 200, body: '{"a": 1}' }, { a: 1 }],
  ['an object without a status', { body: { a: 1 } }, { a: 1 }],
  ['no content', { status: 204 }, null],
  ['empty text', { status: 200, body: ' ' }, null],
]) {
  test(`a body that is ${name} is read`, async () => {
    assert.deepEqual(await call(answering(answer), request), want);
  });
}

for (const [name, answer, want, status] of [
  ['the daemon says', { status: 403, body: { error: 'Only administrators may' } }, 'Only administrators may', 403],
  ['the daemon says without a status', { body: { error: 'No' } }, 'No', 0],
  ['its text is JSON', { status: 500, body: '{"error": "Broken"}' }, 'Broken', 500],
  ['Forge says', { status: 504, message: 'Timed out' }, 'Timed out', 504],
  ['Forge says alone', { message: 'Remote is invalid' }, 'Remote is invalid', 0],
  ['nobody says', { status: 401 }, 'does not know this app', 401],
  ['there is nothing', undefined, 'did not answer', 0],
  ['a proxy answers', { status: 200, body: '<html>' }, 'not JSON', 0],
]) {
  test(`a refusal is told if ${name}`, async () => {
    await assert.rejects(call(answering(answer), request), (error) => {
      assert.ok(error instanceof RemoteError);
      assert.ok(error.message.includes(want), error.message);
      assert.equal(error.status, status);
      return true;
    });
  });
}

test('problems of fields are handed on, and nothing else that looks like them', async () => {
  const problems = [{ field: 'projects[0]', message: 'Odd', more: 1 }, 'text', { message: 7 }];
  await assert.rejects(call(answering({ status: 422, body: { error: 'Some of this cannot be set', problems } }), request), (error) => {
    assert.deepEqual(error.problems, [{ field: 'projects[0]', message: 'Odd' }, { field: '', message: '' }]);
    return true;
  });
});

test('a bridge that fails is told', async () => {
  const broken = async () => {
    throw new Error('rate limited');
  };
  await assert.rejects(call(broken, request), /could not be reached: rate limited/);
});
