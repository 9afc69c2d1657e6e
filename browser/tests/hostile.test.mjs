// What only a browser can show: that nothing somebody typed is run on any page, and that nothing
// somebody uploaded reaches the application, its cookie or another file.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch, open, signIn } from '../kit.mjs';
import { explain, newData, run, start } from '../server.mjs';

const SECRET = 'a quiet lake in june';

/** Each sets `window.hit` or opens a dialog where it is run. */
const PAYLOADS = [
  '<script>hit=1</script>', '"><script>hit=2</script>', "'><script>hit=3</script>", '</title><script>hit=4</script>', '</textarea><script>hit=5</script>',
  '<img src=x onerror=hit=6>', '"><img src=x onerror=alert(7)>', '<svg onload=hit=8>', '<svg><script>hit=9</script></svg>', '<body onload=hit=10>',
  '<iframe srcdoc="<script>parent.hit=11</script>">', '<a href="javascript:hit=12">x</a>', 'javascript:hit=13', '" onmouseover="hit=14" x="', "' autofocus onfocus='hit=15",
  '<details open ontoggle=hit=16>', '<input autofocus onfocus=hit=17>', '<video><source onerror=hit=18>', '<math><mtext></p><img src=x onerror=hit=19>', '<style>@import "//127.0.0.1:9/x"</style>',
  '<link rel=stylesheet href=//127.0.0.1:9/x>', '<base href=//127.0.0.1:9/>', '<meta http-equiv=refresh content="0;url=javascript:hit=23">', '<form action=//127.0.0.1:9/><button autofocus>', '{{hit=25}}${hit=25}',
  '&lt;script&gt;hit=26&lt;/script&gt;', '\\u003cscript\\u003ehit=27\\u003c/script\\u003e', '<scr<script>ipt>hit=28</scr</script>ipt>', '<!--><script>hit=29</script>-->', '%3Cscript%3Ehit=30%3C/script%3E',
];

/** Groups that fit into a title. */
const GROUPS = PAYLOADS.reduce((/** @type {string[]} */ groups, payload) => {
  const last = groups.at(-1) ?? '';
  if (last && last.length + payload.length < 280) groups[groups.length - 1] = `${last} ${payload}`;
  else groups.push(payload);
  return groups;
}, []);

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../server.mjs').Server | undefined} */
let server;
/** @type {Record<string, string>} */
let headers = {};
let keys = 0;

before(async () => {
  const data = newData();
  await run(['init', '--data', data, '--name', 'Nora Lind'], { PLUMB_PASSWORD: SECRET });
  server = await start('serve', data);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

afterEach((context) => explain(context, server));

/**
 * @param {string} path
 * @param {any} [body]
 * @param {Record<string, string>} [more]
 */
async function ask(path, body, more = {}) {
  const origin = server?.origin ?? '';
  const sent = body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
  keys += 1;
  const answer = await fetch(origin + path, { ...sent, headers: { 'content-type': 'application/json', 'idempotency-key': `hostile ${keys}`, ...headers, ...more } });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** @param {string} name @param {any} input */
const command = async (name, input) => (await ask(`/api/v1/commands/${name}`, { input, reason: GROUPS[0] })).result;

/** Signs in with every role, and works with a token. */
async function enter() {
  const origin = server?.origin ?? '';
  const signedIn = await fetch(`${origin}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ login: 'admin', password: SECRET }) });
  headers = { cookie: signedIn.headers.get('set-cookie')?.split(';')[0] ?? '', origin };
  for (const { name } of (await ask('/api/v1/roles')).rows) {
    if (!['everyone', 'administrator'].includes(name)) await command('role.grant', { person: 'admin', role: name });
  }
  const { token } = await command('token.create', { name: GROUPS[0], days: 1 });
  headers = { authorization: `Bearer ${token}` };
}

let turn = 0;

/** @param {any} field */
function value(field) {
  turn += 1;
  switch (field.sort) {
    case 'line': return PAYLOADS[turn % PAYLOADS.length];
    case 'block': return PAYLOADS.join('\n');
    case 'integer': return 1;
    case 'decimal': return '1';
    case 'date': return '2026-11-01';
    case 'yes_no': return true;
    case 'choice': return field.choices[0].value;
    case 'person': return 'admin';
    case 'zone': return 'Europe/Oslo';
    default: return undefined;
  }
}

/** Makes records of every kind whose text is nothing but payloads; answers the addresses to visit. */
async function furnish() {
  const addresses = ['/', '/password', '/tokens', '/admin/roles', '/admin/configuration', '/api-reference', '/evidence', '/training/matrix', '/training/assignments', '/quality/risk-matrix', '/engineering/import'];
  for (const [index, payload] of PAYLOADS.entries()) addresses.push(`${index % 2 ? '/search' : '/list/part'}?q=${encodeURIComponent(payload)}`);
  for (const payload of GROUPS) addresses.push(`/sign-in?next=${encodeURIComponent(payload)}`, `/r/part/${encodeURIComponent(payload.slice(0, 60))}`);
  const { rows: kinds } = await ask('/api/v1/kinds');
  /** @type {Record<string, string>} */
  const made = {};
  for (const [place, { name }] of kinds.entries()) {
    const kind = await ask(`/api/v1/kinds/${name}`);
    addresses.push(`/list/${name}`, `/list/${name}/export`);
    // What only the server makes, and a table that is approved as a whole.
    if (['reference_table', 'restoration', 'trail_check', 'clock_fault', 'fault', 'restore_drill'].includes(name)) continue;
    addresses.push(`/new/${name}`);
    for (const [index, payload] of (name === 'site' ? GROUPS.slice(0, 1) : GROUPS.slice(0, 2)).entries()) {
      if (name === 'person') {
        await command('person.create', { login: `evil${index}`, name: GROUPS[index % GROUPS.length], identity_verified: payload });
        addresses.push(`/r/person/evil${index}`, `/r/person/evil${index}/timeline`);
        continue;
      }
      const fields = Object.fromEntries(kind.fields.map((/** @type {any} */ field) => [field.name, value(field)]).filter((/** @type {any} */ [, given]) => given !== undefined));
      const number = kind.numbering.sort === 'given' ? { number: `<b>${place}-${index}"'` } : {};
      const { result } = await ask(`/api/v1/records/${name}`, { title: GROUPS[(index + place) % GROUPS.length], fields, ...number });
      made[name] ??= result.id;
      const page = `/r/${name}/${encodeURIComponent(result.number)}`;
      addresses.push(page);
      if (index) continue;
      addresses.push(`${page}/edit`, `${page}/timeline`, `${page}/attach`, `${page}/personal`, `/story/${result.id}`);
      for (const other of ['link.add', 'hold.place', 'dossier.freeze']) addresses.push(`${page}/do/${other}`);
      const uploaded = await ask('/api/v1/files', payload, { 'content-type': 'application/octet-stream' });
      const attached = { ...uploaded, name: '<img src=x onerror=hit=31>.html', media_type: 'text/html' };
      await ask(`/api/v1/records/${name}/${result.id}/files`, attached, { 'if-match': `"${result.version}"` }).catch((error) => assert.match(String(error), /40[39]|428/));
      await command('hold.place', { record: result.id, why: payload }).catch((error) => assert.match(String(error), /40[39]/));
    }
  }
  assert.ok(Object.keys(made).length > 12, `only ${Object.keys(made)}`);
  return addresses;
}

test('FRS-GUARD-011 no text that somebody typed is ever run, on any page', async () => {
  await enter();
  const addresses = await furnish();
  assert.ok(addresses.length > 150, `only ${addresses.length} pages`);
  const { context, page } = await open(browser, { baseURL: server?.origin });
  /** @type {string[]} */
  const wrong = [];
  let here = '/sign-in';
  page.on('dialog', (dialog) => { wrong.push(`${here} opened “${dialog.message()}”`); dialog.dismiss().catch(() => {}); });
  page.on('console', (message) => { if (/Content Security Policy|Refused to|violat/i.test(message.text())) wrong.push(`${here}: ${message.text()}`); });
  page.on('request', (request) => { if (!request.url().startsWith(server?.origin ?? 'none') && !request.url().startsWith('data:')) wrong.push(`${here} asked for ${request.url()}`); });
  try {
    await signIn(page, 'admin', SECRET);
    let shown = 0;
    for (const address of addresses) {
      here = address;
      const answer = await page.goto(address, { waitUntil: 'domcontentloaded' });
      assert.ok((answer?.status() ?? 500) < 500, `${address}: ${answer?.status()}`);
      const { hit, found, text } = await page.evaluate(() => ({
        hit: /** @type {any} */ (window).hit,
        // Whatever would have become an element of the payload's.
        found: document.querySelectorAll('script:not([src]), iframe, base, [onerror], [onload], [onfocus], [ontoggle], [onmouseover], img[src=x], a[href^="javascript:"], meta[http-equiv=refresh], details[ontoggle], link[href*="127.0.0.1:9"], form[action*="127.0.0.1:9"]').length,
        text: document.body.innerText,
      }));
      if (hit !== undefined || found) wrong.push(`${address}: hit=${hit}, ${found} elements`);
      if (text.includes('onerror=') || text.includes('<script>')) shown += 1;
    }
    assert.deepEqual(wrong, []);
    assert.ok(shown > 40, `the payloads stand as text on ${shown} pages only`);
  } finally {
    await context.close();
  }
});

/** Files that want out, under the types that they claim. */
const SCRIPT = `<script>
  const out = 'ORIGIN';
  try { document.title = 'ran'; } catch (e) {}
  fetch(out + '/api/v1/me', { credentials: 'include' }).then((a) => a.text()).then((t) => { new Image().src = out + '/leak?' + t; });
  try { top.location = out + '/leak?top'; } catch (e) {}
  try { parent.document.title = 'ran'; } catch (e) {}
  try { window.open(out + '/leak?open'); } catch (e) {}
  try { navigator.serviceWorker.register('x.js'); } catch (e) {}
  try { localStorage.setItem('mine', 'yes'); } catch (e) {}
</script>`;
const FILES = [
  ['page.html', 'text/html', SCRIPT],
  ['picture.svg', 'image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='ran'">${SCRIPT}</svg>`],
  ['page.xhtml', 'application/xhtml+xml', `<html xmlns="http://www.w3.org/1999/xhtml"><body>${SCRIPT}</body></html>`],
  ['style.xml', 'text/xml', `<?xml-stylesheet type="text/xsl" href="x"?><a>${SCRIPT}</a>`],
  ['lies.png', 'image/png', SCRIPT],
  ['lies.txt', 'text/plain', SCRIPT],
  ['lies.gif', 'image/gif', `GIF89a/*${SCRIPT}*/=1;`],
  ['form.pdf', 'application/pdf', '%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\ntrailer<</Root 1 0 R>>'],
  ['module.mjs', 'text/javascript', 'document.title = "ran";'],
];

test('FRS-GUARD-012 nothing that somebody uploaded reaches the application, its cookie or another file', async () => {
  if (!headers.authorization) await enter();
  const origin = server?.origin ?? '';
  const { result } = await ask('/api/v1/records/part', { number: 'FILES-1', title: 'Files', fields: { unit: 'each' } });
  let version = result.version;
  for (const [name, type, text] of FILES) {
    const uploaded = await ask('/api/v1/files', text.replaceAll('ORIGIN', origin), { 'content-type': 'application/octet-stream' });
    const attached = await ask(`/api/v1/records/part/${result.id}/files`, { ...uploaded, name, media_type: type }, { 'if-match': `"${version}"` });
    version = attached.result.version ?? version + 1;
  }
  const { rows } = await ask(`/api/v1/records/part/${result.id}/files`);
  assert.equal(rows.length, FILES.length);
  const { context, page } = await open(browser, { baseURL: origin });
  /** @type {string[]} */
  const asked = [];
  try {
    await signIn(page, 'admin', SECRET);
    context.on('request', (request) => asked.push(request.url()));
    for (const { id, name } of rows) {
      asked.length = 0;
      const downloaded = page.waitForEvent('download', { timeout: 15_000 }).then(() => 'download', () => 'shown');
      const answer = await page.goto(`/r/part/FILES-1/file/${id}/open`).catch(() => null);
      const inline = /\.(png|gif|txt|pdf)$/.test(name);
      if (!inline) assert.equal(await downloaded, 'download', `${name} is not shown`);
      if (inline) {
        const cookie = (await context.cookies(origin)).map((one) => `${one.name}=${one.value}`).join('; ');
        const led = await fetch(`${origin}/r/part/FILES-1/file/${id}/open`, { headers: { cookie }, redirect: 'manual' });
        const there = led.headers.get('location') ?? '';
        assert.ok(there.startsWith('http://') && !there.startsWith(origin), `${name} is shown on another origin, not ${there}`);
        const shown = await fetch(there);
        assert.equal(shown.status, 200, name);
        assert.match(shown.headers.get('content-security-policy') ?? '', /^sandbox; default-src 'none'/, name);
        assert.equal(shown.headers.get('x-content-type-options'), 'nosniff', name);
        assert.equal(shown.headers.get('set-cookie'), null, name);
        const sent = await answer?.request().allHeaders();
        if (answer?.url().startsWith('http')) assert.equal(sent?.cookie, undefined, `no cookie is sent for ${name}`);
        // Somebody who has the address of another file's token gets nothing by changing it.
        assert.equal((await fetch(`${there.slice(0, -1)}${there.endsWith('0') ? '1' : '0'}`)).status, 404, name);
        assert.equal((await fetch(there.replace('/file/', '/r/part/'))).status, 404, 'there are no pages there');
      }
      // Nothing that the file holds has asked the application for anything.
      const asks = () => asked.filter((url) => url.includes('/leak') || url.includes('/api/v1/'));
      assert.deepEqual(asks(), [], name);
      // What a script in the file could still do, were it run. These are asked by the test itself.
      if (name === 'lies.txt') {
        assert.notEqual(await page.title(), 'ran');
        const tried = await page.evaluate(async (out) => {
          const attempt = async (/** @type {() => any} */ work) => { try { return String(await work()); } catch (error) { return `refused: ${/** @type {Error} */ (error).name}`; } };
          return {
            cookie: await attempt(() => document.cookie),
            storage: await attempt(() => { localStorage.setItem('mine', 'yes'); return 'kept'; }),
            fetched: await attempt(() => fetch(`${out}/api/v1/me`, { credentials: 'include' }).then((answer) => answer.text())),
            worker: await attempt(() => navigator.serviceWorker.register('/x.js').then(() => 'registered')),
            origin: self.origin,
            opened: await attempt(() => (window.open(`${out}/leak?open`) ? 'opened' : 'refused')),
          };
        }, origin);
        assert.equal(tried.origin, 'null', 'each file is an origin of its own');
        for (const [what, said] of Object.entries({ ...tried, origin: 'refused' })) assert.match(said, /^refused|^$/, `${what}: ${said}`);
      }
      const ours = name === 'lies.txt' ? [`${origin}/api/v1/me`] : [];
      assert.deepEqual(asks().filter((url) => !ours.includes(url)), [], name);
      await page.goto('/');
    }
    // Nor does a page of ours frame what was uploaded, or let itself be framed.
    const own = await page.goto('/r/part/FILES-1');
    assert.match(own?.headers()['content-security-policy'] ?? '', /frame-ancestors 'none'/);
  } finally {
    await context.close();
  }
});
