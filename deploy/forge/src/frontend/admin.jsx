import React, { useEffect, useState } from 'react';
import ForgeReconciler, {
  CheckboxGroup, ErrorMessage, Form, FormFooter, FormSection, Heading, HelperMessage, Label, Link, LoadingButton, SectionMessage,
  Select, Spinner, Stack, Text, Textfield, Toggle, Inline,
} from '@forge/react';
import { invokeRemote } from '@forge/bridge';

import { call, RemoteError } from '../lib/remote.js';
import { agentOptions, byField, check, defaultOptions, toForm, toSettings } from '../lib/settings.js';

/**
 * @typedef {import('../lib/settings.js').Config} Config
 * @typedef {import('../lib/settings.js').Form} FormState
 */

const PATH = '/atlassian/config';

/** @param {import('../lib/remote.js').Request} request */
const send = (request) => call(invokeRemote, request);

/** @param {{config: Config}} props */
const Notices = ({ config }) => (
  <Stack space="space.100">
    {!config.configured && (
      <SectionMessage appearance="information" title="One step is left">
        <Text>Agents wait until you save these settings, even if you change nothing.</Text>
      </SectionMessage>
    )}
    {(config.missingScopes ?? []).length > 0 && (
      <SectionMessage appearance="warning" title="The app needs an update">
        <Text>Agents need permissions that this site has not granted: {(config.missingScopes ?? []).join(', ')}. Accept the update under Connected apps.</Text>
      </SectionMessage>
    )}
    {config.owner && (
      <SectionMessage appearance="success" title="This site is connected">
        <Text>{config.owner.name || config.owner.subject} connected it with the agents' server.</Text>
      </SectionMessage>
    )}
    {!config.owner && config.connectUrl && (
      <Text>
        <Link href={config.connectUrl} openNewTab>Connect this site with your organisation on the agents' server</Link>
      </Text>
    )}
  </Stack>
);

/** @param {{text?: string}} props */
const Wrong = ({ text }) => (text ? <ErrorMessage>{text}</ErrorMessage> : null);

/** @param {{config: Config, form: FormState, wrong: Record<string, string>, change: (part: Partial<FormState>) => void}} props */
const Fields = ({ config, form, wrong, change }) => {
  const defaults = defaultOptions(form, config);
  return (
    <FormSection>
      <Inline space="space.100" alignBlock="center">
        <Toggle id="all-agents" isChecked={form.allAgents} onChange={() => change({ allAgents: !form.allAgents })} />
        <Label labelFor="all-agents">Allow all agents, also those that will be added</Label>
      </Inline>
      {!form.allAgents && <CheckboxGroup name="agents" options={agentOptions(config)} value={form.agents} onChange={(agents) => change({ agents })} />}
      <Wrong text={wrong.agents} />

      <Label labelFor="projects">Projects in which agents may work</Label>
      <Textfield id="projects" value={form.projects} placeholder="All projects" isInvalid={Boolean(wrong.projects)} onChange={(event) => change({ projects: event.target.value ?? '' })} />
      <HelperMessage>Keys such as TEAM, or patterns such as TEAM*, separated by commas. Empty for all projects.</HelperMessage>
      <Wrong text={wrong.projects} />

      <Label labelFor="default-agent">Who answers where no agent is named</Label>
      <Select inputId="default-agent" options={defaults} value={defaults.find((option) => option.value === form.defaultAgent)} onChange={(option) => change({ defaultAgent: option?.value ?? '' })} />
      <Wrong text={wrong.defaultAgent} />

      <Inline space="space.100" alignBlock="center">
        <Toggle id="mapping" isChecked={form.requireAccountMapping} isDisabled={config.accountMappingRequired} onChange={() => change({ requireAccountMapping: !form.requireAccountMapping })} />
        <Label labelFor="mapping">Agents work only for users who connected their account</Label>
      </Inline>
      {config.accountMappingRequired && <HelperMessage>The server requires this for all sites.</HelperMessage>}
      <Wrong text={wrong.requireAccountMapping} />
    </FormSection>
  );
};

const App = () => {
  const [config, setConfig] = useState(/** @type {Config | null} */ (null));
  const [form, setForm] = useState(/** @type {FormState | null} */ (null));
  const [wrong, setWrong] = useState(/** @type {Record<string, string>} */ ({}));
  const [failure, setFailure] = useState('');
  const [saved, setSaved] = useState(false);
  const [saving, setSaving] = useState(false);

  /** @param {Config} answer */
  const show = (answer) => {
    setConfig(answer);
    setForm(toForm(answer));
  };

  useEffect(() => {
    send({ path: PATH, method: 'GET' }).then(show, (error) => setFailure(error.message));
  }, []);

  const save = async () => {
    if (!form || !config) {
      return;
    }
    const early = check(form);
    setSaved(false);
    setFailure('');
    setWrong(early);
    if (Object.keys(early).length > 0) {
      return;
    }
    setSaving(true);
    try {
      show(await send({ path: PATH, method: 'PUT', body: toSettings(form, config) }));
      setSaved(true);
    } catch (error) {
      const problems = error instanceof RemoteError ? error.problems : [];
      const told = byField(problems);
      setWrong(told);
      setFailure(told[''] ?? (error instanceof Error ? error.message : String(error)));
    }
    setSaving(false);
  };

  return (
    <Stack space="space.200">
      <Heading as="h2">Agents in this site</Heading>
      {failure && (
        <SectionMessage appearance="error" title="This did not work">
          <Text>{failure}</Text>
        </SectionMessage>
      )}
      {saved && (
        <SectionMessage appearance="success" title="Saved">
          <Text>What was waiting for it goes on by itself.</Text>
        </SectionMessage>
      )}
      {!form && !failure && <Spinner label="Loading" />}
      {config && <Notices config={config} />}
      {config && form && (
        <Form onSubmit={save}>
          <Fields config={config} form={form} wrong={wrong} change={(part) => setForm({ ...form, ...part })} />
          <FormFooter>
            <LoadingButton type="submit" appearance="primary" isLoading={saving}>Save</LoadingButton>
          </FormFooter>
        </Form>
      )}
    </Stack>
  );
};

ForgeReconciler.render(
  <React.StrictMode>
    <App />
  </React.StrictMode>,
);
