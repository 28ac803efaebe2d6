// Requests to the daemon, and what its answers mean. Nothing here knows of Forge, so
// that it can be tested by itself.

/**
 * @typedef {{field: string, message: string}} Problem
 * @typedef {{path: string, method: 'GET' | 'PUT' | 'DELETE', body?: unknown}} Request
 * @typedef {(request: Request) => Promise<any>} Invoke how invokeRemote of @forge/bridge is called
 */

/** A request that the daemon refused, or that did not reach it. */
export class RemoteError extends Error {
  /**
   * @param {string} message a sentence for the user
   * @param {number} status of HTTP; 0 if there was no answer
   * @param {Problem[]} problems what is wrong with which field
   */
  constructor(message, status = 0, problems = []) {
    super(message);
    this.name = 'RemoteError';
    this.status = status;
    this.problems = problems;
  }
}

/**
 * Sends a request and returns the answer's JSON, or null if it has no content.
 *
 * @param {Invoke} invoke
 * @param {Request} request
 * @returns {Promise<any>}
 */
export async function call(invoke, request) {
  let answer;
  try {
    answer = await invoke(request);
  } catch (error) {
    throw new RemoteError(`The agents' server could not be reached: ${error instanceof Error ? error.message : error}`);
  }
  const status = Number(answer?.status ?? answer?.statusCode ?? 0);
  const body = parse(answer?.body);
  if (status >= 400 || (isObject(body) && typeof body.error === 'string')) {
    throw refusal(status, body, answer);
  }
  if (body === undefined && status === 0) {
    // Forge answers so when it did not get an answer itself.
    throw new RemoteError(text(answer?.message) || "The agents' server did not answer. Try again in a minute.");
  }
  return body ?? null;
}

/**
 * @param {number} status
 * @param {any} body
 * @param {any} answer
 */
function refusal(status, body, answer) {
  const problems = Array.isArray(body?.problems)
    ? body.problems.filter(isObject).map((/** @type {any} */ p) => ({ field: text(p.field), message: text(p.message) }))
    : [];
  const told = text(body?.error) || text(body?.message) || text(answer?.message);
  return new RemoteError(told || advice(status), status, problems);
}

/** @param {number} status */
function advice(status) {
  switch (status) {
    case 401:
      return "The agents' server does not know this app. Its configuration has to name the app's id.";
    case 403:
      return 'You may not do this.';
    case 404:
      return "The agents' server has no such page. Is the app newer than the server?";
    case 502:
    case 503:
    case 504:
      return "The agents' server is not ready. Try again in a minute.";
    default:
      return `The agents' server answered with status ${status}.`;
  }
}

/**
 * The body comes as JSON, or as its text.
 *
 * @param {unknown} body
 */
function parse(body) {
  if (typeof body !== 'string') {
    return body ?? undefined;
  }
  if (body.trim() === '') {
    return undefined;
  }
  try {
    return JSON.parse(body);
  } catch {
    throw new RemoteError("The agents' server answered with what is not JSON. Does public_url lead to it?");
  }
}

/** @param {unknown} value */
function text(value) {
  return typeof value === 'string' ? value : '';
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
