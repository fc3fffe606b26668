/** The pages and the document load nothing from other servers, and their policy forbids it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type HttpPlatform, httpPlatform } from '../support/http.ts';

describe('pages', () => {
  let http: HttpPlatform;
  before(async () => {
    http = await httpPlatform('server');
  });
  after(() => http.close());

  /** What a page, a style or a script asks a browser to load. */
  function loads(text: string): string[] {
    const marks = [/\b(?:src|href)\s*=\s*"([^"]+)"/g, /url\(\s*['"]?([^'")]+)/g, /@import\s+['"]([^'"]+)/g];
    return marks.flatMap((mark) => [...text.matchAll(mark)].map((match) => match[1] ?? ''));
  }

  for (const page of ['/docs', '/docs/']) {
    it(`${page} loads only from this server`, async () => {
      const { status, text, headers } = await http.call('GET', page);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'text/html; charset=utf-8');
      const loaded = loads(text);
      assert.ok(loaded.length > 0);
      for (const target of loaded) {
        const { pathname, origin } = new URL(target, `http://here${page}`);
        assert.equal(origin, 'http://here', target);
        const part = await http.call('GET', pathname);
        assert.equal(part.status, 200, target);
        if (/\.(css|js)$/.test(pathname))
          assert.match(String(part.headers['content-type']), /charset=utf-8$/i, target);
        if (pathname.endsWith('.css'))
          for (const inner of loads(part.text)) assert.match(inner, /^data:/, inner);
      }
    });

    it(`${page} may load nothing from other servers, and runs no inline script`, async () => {
      const policy = String((await http.call('GET', page)).headers['content-security-policy']);
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /script-src 'self'(;|$)/);
      assert.doesNotMatch(policy, /https?:|unsafe-eval|\*/);
    });
  }

  it('read the document of this server, and ask no validator', async () => {
    const swagger = (await http.call('GET', '/docs/static/swagger-initializer.js')).text;
    assert.match(swagger, /"validatorUrl":null/);
    assert.doesNotMatch(swagger.replaceAll(/^ *\/\/.*$/gm, ''), /https?:\/\//);
    const { json } = await http.call('GET', '/docs/json');
    assert.deepEqual(json, (await http.call('GET', '/openapi.json')).json);
    assert.deepEqual(json.servers, [{ url: '/' }]);
  });

  it('say at / what there is: a page where HTML is wanted, JSON for programs', async () => {
    const page = await http.call('GET', '/', {
      headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' },
    });
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'/);
    for (const accept of ['*/*', 'application/json, text/html;q=0.5']) {
      const { status, json, headers } = await http.call('GET', '/', { headers: { accept } });
      assert.deepEqual([status, headers['vary'], json.name], [200, 'accept', 'Drover']);
      const paths: string[] = Object.values(json.links as Record<string, string>);
      assert.deepEqual(loads(page.text), paths);
      for (const path of paths)
        assert.equal((await http.call('GET', path, { key: http.keys.viewer })).status, 200, path);
    }
  });

  it('say what each error means, where its type leads', async () => {
    const { json } = await http.call('GET', '/nothing');
    const { pathname, hash } = new URL(json.type, 'http://here');
    const { status, text, headers } = await http.call('GET', pathname);
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/markdown; charset=utf-8');
    assert.match(text, new RegExp(`^## ${hash.slice(1).toUpperCase()}$`, 'm'));
  });

  it('have figures beside them, by route and never by path', async () => {
    await http.call('GET', `/api/v1/users/${http.tenants.mine}`, { key: http.keys.viewer });
    const { text, headers } = await http.call('GET', '/metrics');
    assert.match(String(headers['content-type']), /^text\/plain/);
    assert.match(
      text,
      /drover_http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/users\/:user_id",status="404"\} 1/,
    );
    assert.match(text, /drover_database_connections\{state="idle"\} \d/);
    assert.match(text, /process_cpu_seconds_total/);
    assert.ok(!text.includes(http.tenants.mine));
  });
});
