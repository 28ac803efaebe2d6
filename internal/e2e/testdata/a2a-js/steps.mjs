// What the scripts for both versions of the SDK share. The settings come as JSON in
// the variable A2A_SETTINGS; each step that went well is printed as "ok NAME".
import assert from 'node:assert/strict';

export const settings = JSON.parse(process.env.A2A_SETTINGS);

// fetchAs sends all requests with a bearer token.
export function fetchAs(token) {
  return (url, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${token}`);
    return fetch(url, { ...init, headers });
  };
}

export async function step(name, play) {
  try {
    await play();
  } catch (e) {
    console.error(`failed ${name}: ${e.stack ?? e}`);
    process.exit(1);
  }
  console.log(`ok ${name}`);
}

// collect reads a stream to its end.
export async function collect(stream) {
  const list = [];
  for await (const event of stream) list.push(event);
  return list;
}

// until polls until what it gets is good.
export async function until(get, good) {
  for (;;) {
    const got = await get();
    if (good(got)) return got;
    await new Promise((again) => setTimeout(again, 20));
  }
}

// refused sees that something fails with an error that says what is expected.
export async function refused(play, want) {
  await assert.rejects(play, (e) => {
    for (let cause = e; cause; cause = cause.cause) {
      if (want.test(`${cause.name} ${cause.code ?? ''} ${cause.message}`)) return true;
    }
    assert.fail(`${e.name} ${e.code ?? ''} ${e.message} is not ${want}`);
  });
}
