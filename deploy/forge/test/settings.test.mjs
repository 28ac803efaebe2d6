import assert from 'node:assert/strict';
import test from 'node:test';

import { agentOptions, byField, check, defaultOptions, splitProjects, toForm, toSettings } from '../src/lib/settings.js';

const settings = { agents: ['a'], projects: ['TEAM', 'OPS*'], requireAccountMapping: false, defaultAgent: 'a' };
const config = { configured: true, settings, agents: ['a', 'b'], accountMappingRequired: false };
const fresh = { configured: false, settings: { agents: [], projects: [], requireAccountMapping: false, defaultAgent: '' }, agents: ['a', 'b'], accountMappingRequired: false };

test('settings come back from the form as they were', () => {
  for (const c of [config, fresh, { ...config, accountMappingRequired: true }]) {
    assert.deepEqual(toSettings(toForm(c), c), c.settings);
  }
});

test('nothing set means all agents and all projects', () => {
  assert.deepEqual(toForm(fresh), { allAgents: true, agents: [], projects: '', requireAccountMapping: false, defaultAgent: '' });
});

test('what the daemon demands is shown and not set', () => {
  const demanded = { ...fresh, accountMappingRequired: true };
  assert.equal(toForm(demanded).requireAccountMapping, true);
  assert.equal(toSettings(toForm(demanded), demanded).requireAccountMapping, false);
});

test('allowing all agents forgets those that were chosen', () => {
  assert.deepEqual(toSettings({ ...toForm(config), allAgents: true }, config).agents, []);
});

test('projects are read however they are separated', () => {
  assert.deepEqual(splitProjects(' team, ops*;team\n x_1 '), ['TEAM', 'OPS*', 'X_1']);
  assert.deepEqual(splitProjects(''), []);
});

test('a form is checked before it is sent', () => {
  assert.deepEqual(check(toForm(config)), {});
  assert.deepEqual(Object.keys(check({ ...toForm(config), agents: [] })), ['agents', 'defaultAgent']);
  assert.deepEqual(Object.keys(check({ ...toForm(config), agents: ['b'] })), ['defaultAgent']);
  assert.match(check({ ...toForm(config), projects: 'OK, no-good, [x]' }).projects, /: NO-GOOD, \[X\]$/);
});

test('problems are shown beside their fields', () => {
  const problems = [
    { field: 'projects[0]', message: 'One.' }, { field: 'projects[3]', message: 'Two.' }, { field: 'agents', message: 'Three.' },
    { field: 'color', message: 'Four.' }, { field: '', message: 'Five.' },
  ];
  assert.deepEqual(byField(problems), { projects: 'One. Two.', agents: 'Three.', '': 'Four. Five.' });
});

test('an agent that is gone can be taken away and not chosen as the default', () => {
  const old = { ...config, settings: { ...settings, agents: ['a', 'gone'] } };
  assert.deepEqual(agentOptions(old).map((option) => option.value), ['a', 'b', 'gone']);
  assert.deepEqual(defaultOptions(toForm(old), old).map((option) => option.value), ['', 'a']);
  assert.deepEqual(defaultOptions(toForm(fresh), fresh).map((option) => option.value), ['', 'a', 'b']);
});
