// Serves the component gallery, photographs every page (1280 and 390 px, light and dark) and scans
// it: `cargo run -p web --example gallery -- OUT && node gallery.mjs OUT SHOTS [page ...]`.
// The server answers with the policy of the product, so an inline style or script shows here.

import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { NARROW, WIDE, findings, launch, open, shoot } from './kit.mjs';

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' };
const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const OFFERS = [
  { label: 'CAPA-0031', detail: 'Exhalation valve seat leaks above 60 cmH₂O', href: '/record.html', group: 'Records', value: 'CAPA-0031' },
  { label: 'CMP-0118', detail: 'Alarm did not sound at low airway pressure', href: '/record.html', group: 'Records', value: 'CMP-0118' },
  { label: '510-0007 rev D', detail: 'Exhalation valve assembly', href: '/structure.html', group: 'Records', value: '510-0007' },
  { label: 'Peter Adeyemi', detail: 'Engineering, Bologna', href: '/my-work.html', group: 'People', value: 'p.adeyemi' },
  { label: 'New complaint', detail: 'Quality', href: '/form.html', group: 'Actions', value: 'new' },
];

/** @param {string} root */
export function serve(root) {
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://gallery');
    response.setHeader('content-security-policy', POLICY);
    if (url.pathname === '/palette' || url.pathname === '/typeahead') {
      const q = (url.searchParams.get('q') ?? '').toLowerCase();
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(OFFERS.filter((offer) => `${offer.label} ${offer.detail}`.toLowerCase().includes(q))));
      return;
    }
    let name = decodeURIComponent(url.pathname === '/' ? '/index.html' : url.pathname);
    if (request.headers['plumb-fragment'] === 'dialog') name = '/fragment-sign.html';
    const file = path.join(root, path.normalize(name));
    try {
      const body = await fs.readFile(file);
      response.setHeader('content-type', TYPES[/** @type {keyof typeof TYPES} */ (path.extname(file))] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end('not here');
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ server, origin: `http://127.0.0.1:${/** @type {any} */ (server.address()).port}` })));
}

async function main() {
  const [root, shots, ...only] = process.argv.slice(2);
  if (!root || !shots) throw new Error('usage: node gallery.mjs GALLERY SHOTS [page ...]');
  const { server, origin } = await serve(root);
  const browser = await launch();
  const names = (await fs.readdir(root)).filter((name) => name.endsWith('.html') && !name.startsWith('fragment')).map((name) => name.slice(0, -5));
  let bad = 0;
  for (const name of names.filter((name) => only.length === 0 || only.includes(name))) {
    for (const theme of /** @type {const} */ (['light', 'dark'])) {
      for (const viewport of [WIDE, NARROW]) {
        const { context, page, faults } = await open(browser, { viewport, theme, baseURL: origin });
        await page.goto(`/${name}.html`, { waitUntil: 'networkidle' });
        const found = await findings(page);
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        await shoot(page, shots, `${name}-${viewport.width}-${theme}`);
        bad += found.filter((one) => ['serious', 'critical'].includes(one.impact)).length + faults.length + (excess > 1 ? 1 : 0);
        if (found.length + faults.length > 0 || excess > 1) console.log(JSON.stringify({ name, theme, width: viewport.width, excess, faults, found }, null, 1));
        await context.close();
      }
    }
  }
  await browser.close();
  server.close();
  console.log(`${bad} serious findings`);
  process.exitCode = bad ? 1 : 0;
}

if (process.argv[1] && import.meta.filename === path.resolve(process.argv[1])) await main();
