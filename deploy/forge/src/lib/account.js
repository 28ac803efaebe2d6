// What the users' page shows: GET, PUT and DELETE /atlassian/account.

/**
 * @typedef {{mapped: boolean, required: boolean, hasToken: boolean, confirms: string, connectUrl?: string,
 *   person?: {subject: string, name?: string, at: string}}} Account
 * @typedef {{appearance: 'success' | 'warning' | 'information', title: string, text: string,
 *   action: 'confirm' | 'connect' | 'disconnect' | ''}} View
 */

/**
 * What a user is told, and what they can do next.
 *
 * @param {Account} account
 * @returns {View}
 */
export function view(account) {
  if (account.mapped) {
    const name = account.person?.name || account.person?.subject || '';
    return {
      appearance: 'success',
      title: 'Your account is connected',
      text: account.confirms === 'connect' && name ? `Agents work for you as ${name}, with your own permissions in Jira.` : 'Agents work for you with your own permissions in Jira.',
      action: 'disconnect',
    };
  }
  const link = account.confirms === 'connect';
  if (link && !account.connectUrl) {
    return { appearance: 'warning', title: 'Your account is not connected', text: 'The server has no address where you could connect it. Tell your administrator.', action: '' };
  }
  const how = link ? 'Follow the link and sign in there.' : 'Confirm that agents may work for you.';
  return {
    appearance: account.required ? 'warning' : 'information',
    title: account.required ? 'Connect your account first' : 'Your account is not connected',
    text: account.required ? `Agents do not work for you before. ${how}` : `Agents work for you all the same, with your own permissions in Jira. ${how}`,
    action: link ? 'connect' : 'confirm',
  };
}
