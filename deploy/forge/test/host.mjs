// Stands in for Jira around a page: keeps what the page draws, hands its requests to a
// daemon made for the test, and clicks. Needs what npm install brings.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const app = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** Whether npm install was run. */
export const installed = fs.existsSync(path.join(app, 'node_modules', '@forge', 'react'));

/** Compiles the sources, once, to a directory from which they find their packages. */
function compile() {
  const ts = require('typescript');
  const out = fs.mkdtempSync(path.join(app, 'node_modules', '.pages-'));
  process.on('exit', () => fs.rmSync(out, { recursive: true, force: true }));
  fs.writeFileSync(path.join(out, 'package.json'), '{"type": "commonjs"}');
  for (const name of ['frontend/admin.jsx', 'frontend/personal.jsx', 'lib/remote.js', 'lib/settings.js', 'lib/account.js']) {
    const source = fs.readFileSync(path.join(app, 'src', name), 'utf8');
    const { outputText } = ts.transpileModule(source, { compilerOptions: { module: 'CommonJS', jsx: 'react', target: 'ES2022', esModuleInterop: true } });
    const target = path.join(out, name.replace('.jsx', '.js'));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, outputText);
  }
  return out;
}

let compiled = '';

/**
 * Opens a page. The daemon gets {path, method, body} and returns what invokeRemote
 * would: {status, body}.
 */
export async function open(page, daemon) {
  compiled ||= compile();
  const host = new Host(daemon);
  globalThis.self = globalThis;
  globalThis.__bridge = { callBridge: (command, data) => host.called(command, data) };
  for (const name of Object.keys(require.cache)) {
    delete require.cache[name];
  }
  require(path.join(compiled, 'frontend', `${page}.js`));
  await host.settle();
  return host;
}

class Host {
  constructor(daemon) {
    this.daemon = daemon;
    this.requests = [];
    this.doc = { children: [] };
    this.busy = 0;
  }

  async called(command, data) {
    if (command === 'reconcile') {
      this.doc = data.forgeDoc;
    }
    if (command !== 'invoke') {
      return undefined;
    }
    const { invokeType, ...request } = data;
    if (invokeType !== 'ui-remote-fetch') {
      return { success: false, error: { message: `this page has no ${invokeType}` } };
    }
    // As between two processes, so that nothing is shared.
    this.requests.push(structuredClone(request));
    this.busy++;
    try {
      return { success: true, payload: structuredClone(await this.daemon(request)) };
    } finally {
      this.busy--;
    }
  }

  /** Waits until nothing is under way and nothing was drawn for a while. */
  async settle() {
    for (let quiet = 0, before = ''; quiet < 5 || this.busy > 0; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const now = this.text();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  all(type, node = this.doc) {
    return [...(node.type === type ? [node] : []), ...node.children.flatMap((child) => this.all(type, child))];
  }

  find(type, where = () => true) {
    const found = this.all(type).filter(where);
    if (found.length !== 1) {
      throw new Error(`${found.length} of ${type} in: ${this.text()}`);
    }
    return found[0];
  }

  /** All words that are shown. */
  text(node = this.doc) {
    const own = node.type === 'String' ? [node.props.text] : [node.props?.title].filter((title) => typeof title === 'string');
    return [...own, ...node.children.map((child) => this.text(child))].join(' ');
  }

  async act(type, handler, where, ...args) {
    await this.find(type, where).props[handler](...args);
    await this.settle();
  }
}
