import assert from 'node:assert/strict';
import test from 'node:test';

import { view } from '../src/lib/account.js';

const nobody = { mapped: false, required: false, hasToken: true, confirms: 'here' };

for (const [name, account, action, appearance, words] of [
  ['may confirm', nobody, 'confirm', 'information', /all the same/],
  ['has to confirm', { ...nobody, required: true }, 'confirm', 'warning', /do not work for you before/],
  ['has to follow the link', { ...nobody, required: true, confirms: 'connect', connectUrl: 'https://agents.company.com/' }, 'connect', 'warning', /sign in there/],
  ['has no link to follow', { ...nobody, confirms: 'connect' }, '', 'warning', /Tell your administrator/],
  ['has confirmed', { ...nobody, mapped: true, person: { subject: 'atlassian:1', at: '2026-01-01' } }, 'disconnect', 'success', /your own permissions/],
  ['is connected', { ...nobody, mapped: true, confirms: 'connect', person: { subject: 's', name: 'Ann', at: '2026-01-01' } }, 'disconnect', 'success', /as Ann/],
]) {
  test(`a user who ${name} is told so`, () => {
    const shown = view(account);
    assert.equal(shown.action, action);
    assert.equal(shown.appearance, appearance);
    assert.match(shown.text, words);
  });
}
