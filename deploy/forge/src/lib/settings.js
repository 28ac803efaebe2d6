// What the administrators' page shows and sends: GET and PUT /atlassian/config.

/**
 * @typedef {{agents: string[], projects: string[], requireAccountMapping: boolean, defaultAgent: string}} Settings
 * @typedef {{subject: string, name?: string, at: string}} Person
 * @typedef {{configured: boolean, settings: Settings, agents: string[], accountMappingRequired: boolean,
 *   missingScopes?: string[], owner?: Person, connectUrl?: string}} Config
 * @typedef {{allAgents: boolean, agents: string[], projects: string, requireAccountMapping: boolean, defaultAgent: string}} Form
 */

/**
 * The form for what is set. No agents chosen means all of them, also those to come.
 *
 * @param {Config} config
 * @returns {Form}
 */
export function toForm(config) {
  const settings = config.settings ?? {};
  const chosen = settings.agents ?? [];
  return {
    allAgents: chosen.length === 0,
    agents: chosen,
    projects: (settings.projects ?? []).join(', '),
    requireAccountMapping: Boolean(settings.requireAccountMapping || config.accountMappingRequired),
    defaultAgent: settings.defaultAgent ?? '',
  };
}

/**
 * The settings that a form stands for. What the daemon demands anyway is not set
 * besides, so that it ends when the daemon stops demanding it.
 *
 * @param {Form} form
 * @param {Config} config
 * @returns {Settings}
 */
export function toSettings(form, config) {
  return {
    agents: form.allAgents ? [] : form.agents,
    projects: splitProjects(form.projects),
    requireAccountMapping: config.accountMappingRequired ? Boolean(config.settings?.requireAccountMapping) : form.requireAccountMapping,
    defaultAgent: form.defaultAgent,
  };
}

/**
 * Keys and patterns, written with commas, spaces or lines between them.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function splitProjects(text) {
  const keys = text.split(/[\s,;]+/).map((key) => key.toUpperCase()).filter(Boolean);
  return [...new Set(keys)];
}

/**
 * What is wrong with a form before it is sent, by field.
 *
 * @param {Form} form
 * @returns {Record<string, string>}
 */
export function check(form) {
  /** @type {Record<string, string>} */
  const wrong = {};
  if (!form.allAgents && form.agents.length === 0) {
    wrong.agents = 'Choose one agent at least, or allow all.';
  }
  if (!form.allAgents && form.defaultAgent && !form.agents.includes(form.defaultAgent)) {
    wrong.defaultAgent = 'This agent is not among those that may work here.';
  }
  const odd = splitProjects(form.projects).filter((key) => !/^[A-Z0-9_*?]{1,100}$/.test(key));
  if (odd.length > 0) {
    wrong.projects = `These are neither keys of projects nor patterns such as TEAM*: ${odd.join(', ')}`;
  }
  return wrong;
}

/**
 * The daemon's problems by the field of the form that they are about; "" for those
 * about nothing in particular. projects[2] is about projects.
 *
 * @param {{field: string, message: string}[]} problems
 * @returns {Record<string, string>}
 */
export function byField(problems) {
  /** @type {Record<string, string>} */
  const wrong = {};
  for (const { field, message } of problems) {
    const name = field.replace(/[[.].*$/, '');
    const known = ['agents', 'projects', 'requireAccountMapping', 'defaultAgent'].includes(name) ? name : '';
    wrong[known] = wrong[known] ? `${wrong[known]} ${message}` : message;
  }
  return wrong;
}

/**
 * The agents that can be chosen: those that are offered, and those that were chosen
 * and are not offered any more, so that they can be taken away.
 *
 * @param {Config} config
 * @returns {{label: string, value: string}[]}
 */
export function agentOptions(config) {
  const offered = config.agents ?? [];
  const gone = (config.settings?.agents ?? []).filter((name) => !offered.includes(name));
  return [...offered.map((name) => ({ label: name, value: name })), ...gone.map((name) => ({ label: `${name} (not offered any more)`, value: name }))];
}

/**
 * Which of them may answer where nobody in particular is asked.
 *
 * @param {Form} form
 * @param {Config} config
 * @returns {{label: string, value: string}[]}
 */
export function defaultOptions(form, config) {
  const allowed = (config.agents ?? []).filter((name) => form.allAgents || form.agents.includes(name));
  return [{ label: 'As the server has it', value: '' }, ...allowed.map((name) => ({ label: name, value: name }))];
}
