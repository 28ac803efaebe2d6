// Prints what Forge's own validators say of manifest.yml in each of the given
// directories, as JSON: those of forge lint and forge deploy, in one process, since
// reading their schema takes seconds.
//   node lint.cjs <where @forge/manifest is installed> <directory>...
const forge = process.argv[2] + '/node_modules/@forge/manifest/out/';
const { FullValidationProcessor, ProductTriggerScopesValidator, AgentProductContextScopesValidator } = require(forge);

const full = new FullValidationProcessor({});
const scopes = [
  new ProductTriggerScopesValidator(require(forge + 'mapping/product-event-to-scope-mapping.json')),
  new AgentProductContextScopesValidator(require(forge + 'mapping/agent-product-context-to-scope-mapping.json')),
];

async function lint(dir) {
  process.chdir(dir);
  const results = [await full.process(undefined)];
  for (const validator of results[0].manifestObject ? scopes : []) {
    results.push(await validator.validate(results[0].manifestObject));
  }
  const found = results.flatMap((r) => (r.errors ?? []).map((e) => `${e.level}: ${e.message}`));
  return results.every((r) => r.success) || found.length > 0 ? [...new Set(found)].sort() : ['error: refused without a word'];
}

(async () => {
  const all = {};
  for (const dir of process.argv.slice(3)) {
    all[dir] = await lint(dir);
  }
  console.log(JSON.stringify(all));
})();
