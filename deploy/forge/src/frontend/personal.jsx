import React, { useEffect, useState } from 'react';
import ForgeReconciler, { Heading, Link, LoadingButton, SectionMessage, Spinner, Stack, Text } from '@forge/react';
import { invokeRemote } from '@forge/bridge';

import { view } from '../lib/account.js';
import { call } from '../lib/remote.js';

/** @typedef {import('../lib/account.js').Account} Account */

const PATH = '/atlassian/account';

const App = () => {
  const [account, setAccount] = useState(/** @type {Account | null} */ (null));
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);

  /** @param {import('../lib/remote.js').Request} request */
  const send = async (request) => {
    setBusy(true);
    setFailure('');
    try {
      setAccount(await call(invokeRemote, request));
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };

  useEffect(() => {
    send({ path: PATH, method: 'GET' });
  }, []);

  const shown = account && view(account);
  return (
    <Stack space="space.200">
      <Heading as="h2">Agents and your account</Heading>
      {failure && (
        <SectionMessage appearance="error" title="This did not work">
          <Text>{failure}</Text>
        </SectionMessage>
      )}
      {!account && !failure && <Spinner label="Loading" />}
      {shown && (
        <SectionMessage appearance={shown.appearance} title={shown.title}>
          <Text>{shown.text}</Text>
        </SectionMessage>
      )}
      {shown?.action === 'connect' && (
        <Text>
          <Link href={account?.connectUrl ?? ''} openNewTab>Connect my account</Link>
        </Text>
      )}
      {shown?.action === 'connect' && (
        <LoadingButton isLoading={busy} onClick={() => send({ path: PATH, method: 'GET' })}>I have done that</LoadingButton>
      )}
      {shown?.action === 'confirm' && (
        <LoadingButton appearance="primary" isLoading={busy} onClick={() => send({ path: PATH, method: 'PUT', body: {} })}>Agents may work for me</LoadingButton>
      )}
      {shown?.action === 'disconnect' && (
        <LoadingButton isLoading={busy} onClick={() => send({ path: PATH, method: 'DELETE' })}>Disconnect my account</LoadingButton>
      )}
    </Stack>
  );
};

ForgeReconciler.render(
  <React.StrictMode>
    <App />
  </React.StrictMode>,
);
