/** A token of the identity provider says who calls. The roles in Drover say what they may. A doubtful token is refused. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generateKeyPair } from 'jose';
import { buildApp } from '../../src/http/server/app.ts';
import { demoId } from '../../src/platform/demo/ids.ts';
import type { DroverError } from '../../src/errors.ts';
import type { VerifyToken } from '../../src/platform/access/authenticate.ts';
import { createOidcVerifier } from '../../src/platform/access/oidc.ts';
import { oneEngine } from '../support/databases.ts';
import { type Answer, type HttpPlatform, httpPlatform } from '../support/http.ts';
import { audience, type Provider, startProvider, unsigned } from '../support/identity-provider.ts';
import { refused } from './moving.ts';

const ada = { tenant_id: demoId(1, 'tenants', 0), email: 'Ada@Alder-Clinic.example', email_verified: true };

oneEngine((engine) => {
  let http: HttpPlatform;
  let provider: Provider;
  let verifyToken: VerifyToken;

  before(async () => {
    provider = await startProvider();
    const { issuer } = provider;
    const claims = { tenantClaim: 'tenant_id', userClaim: 'email' };
    verifyToken = createOidcVerifier({
      issuer,
      audience,
      ...claims,
      clockSkewSeconds: 30,
      pauseMs: 0,
    });
    http = await httpPlatform(engine, { verifyToken });
  });
  after(async () => {
    await http.close();
    await provider.close();
  });

  const me = (key: string): Promise<Answer> => http.call('GET', '/api/v1/me', { key });

  it('lets a person in, with the role that they hold here', async () => {
    const { status, json } = await me(await provider.token({ ...ada, role: 'viewer', scope: 'none' }));
    assert.equal(status, 200);
    const { role, tenant_id: tenantId, actor, scopes } = json;
    assert.deepEqual(
      { role, tenantId, actor, scopes },
      { role: 'sysadmin', tenantId: ada.tenant_id, actor: 'ada@alder-clinic.example', scopes: ['*'] },
    );
  });

  it('takes the tenant from the token, and finds no person of another tenant there', async () => {
    const elsewhere = { ...ada, tenant_id: demoId(2, 'tenants', 0) };
    refused(await me(await provider.token(elsewhere)), 401, 'UNAUTHENTICATED');
    const there = await me(await provider.token({ ...elsewhere, email: 'ada@birch-partners.example' }));
    assert.equal(there.json.tenant_id, elsewhere.tenant_id);
    assert.equal(there.json.role, 'admin');
  });

  it('still takes API keys', async () => {
    assert.equal((await me(http.keys.viewer)).status, 200);
  });

  describe('refuses, in one and the same words, a token', () => {
    const wrong: Readonly<Record<string, () => string | Promise<string>>> = {
      'of another issuer': () => provider.token(ada, { issuer: 'https://elsewhere.example' }),
      'for another audience': () => provider.token(ada, { audience: 'another' }),
      'that has expired': () => provider.token(ada, { expiresIn: -60 }),
      'that does not hold yet': () => provider.token(ada, { notBeforeIn: 60 }),
      'without a signature': () => unsigned(provider.issuer, ada),
      'signed with a shared secret': () =>
        provider.token(ada, { algorithm: 'HS256', key: new TextEncoder().encode('0'.repeat(32)) }),
      'signed by somebody else': async () =>
        provider.token(ada, { key: (await generateKeyPair('ES256')).privateKey }),
      'whose payload was changed': async () => {
        const [head, , signature] = (await provider.token(ada)).split('.');
        const [, payload] = (await provider.token({ ...ada, email: 'eli@alder-clinic.example' })).split('.');
        return `${head}.${payload}.${signature}`;
      },
      'without a tenant': () => provider.token({ email: ada.email }),
      'with a tenant that is no id': () => provider.token({ ...ada, tenant_id: "' OR true --" }),
      'of a tenant that there is not': () => provider.token({ ...ada, tenant_id: demoId(99, 'tenants', 0) }),
      'without a person': () => provider.token({ tenant_id: ada.tenant_id }),
      'with an address that the provider did not verify': () =>
        provider.token({ ...ada, email_verified: false }),
      'of a person who is not here': () => provider.token({ ...ada, email: 'nobody@alder-clinic.example' }),
      'that is none': () => 'not.a.token',
    };
    for (const [name, make] of Object.entries(wrong)) {
      it(name, async () => {
        const { text } = await http.call('GET', '/api/v1/me');
        const answer = await me(await make());
        refused(answer, 401, 'UNAUTHENTICATED');
        assert.equal(answer.text, text);
      });
    }
  });

  it('forgives clocks that differ a little', async () => {
    assert.equal((await me(await provider.token(ada, { expiresIn: -10, notBeforeIn: 10 }))).status, 200);
  });

  it('reads the keys again when a token names a new one, and then refuses the old one', async () => {
    const old = await provider.token(ada);
    assert.equal((await me(old)).status, 200);
    const reads = provider.reads();
    assert.equal((await me(old)).status, 200);
    assert.equal(provider.reads(), reads, 'a known key is not read again');
    await provider.rotate();
    assert.equal((await me(await provider.token(ada))).status, 200);
    assert.equal(provider.reads(), reads + 1);
    refused(await me(old), 401, 'UNAUTHENTICATED');
  });

  it('refuses no token of a key that is new, whatever else came just before, and asks the provider now and then', async () => {
    const claims = { tenantClaim: 'tenant_id', userClaim: 'email' };
    const { issuer } = provider;
    const verify = createOidcVerifier({ issuer, audience, ...claims, clockSkewSeconds: 30, pauseMs: 200 });
    const stranger = (await generateKeyPair('ES256')).privateKey;
    const wrong = (): Promise<string> =>
      provider
        .token(ada, { key: stranger })
        .then(verify)
        .then(
          () => 'let in',
          (error: DroverError) => error.code,
        );
    await verify(await provider.token(ada));
    for (const how of [undefined, 'same', 'beside', undefined] as const) {
      await wrong();
      await provider.rotate(how);
      const reads = provider.reads();
      const form = how === 'beside' ? ({ nameless: true } as const) : {};
      const good = Array.from({ length: 10 }, async () => verify(await provider.token(ada, form)));
      const codes = await Promise.all(Array.from({ length: 20 }, wrong));
      assert.deepEqual(new Set(codes), new Set(['UNAUTHENTICATED']));
      assert.equal((await Promise.all(good)).length, 10);
      assert.ok(provider.reads() - reads <= 3, `${provider.reads() - reads} readings for 30 tokens`);
    }
  });

  it('finds the person by id and the tenant by another claim, where that is configured', async () => {
    const { issuer } = provider;
    const claims = { tenantClaim: 'org', userClaim: 'sub' };
    const verifyToken = createOidcVerifier({
      issuer,
      audience,
      ...claims,
      clockSkewSeconds: 0,
      jwksUrl: `${issuer}/keys`,
    });
    const app = await buildApp({ platform: http.platform, version: 'test', verifyToken });
    const token = await provider.token({ org: ada.tenant_id, sub: demoId(1, 'users', 3) });
    const { body } = await app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${token}` } });
    await app.close();
    assert.equal((JSON.parse(body) as { actor: string }).actor, 'axel@alder-clinic.example', body);
  });

  it('says that the provider is unavailable, and not that the token is wrong', async () => {
    await provider.rotate();
    const token = await provider.token(ada);
    provider.setDown(true);
    refused(await me(token), 503, 'IDENTITY_UNAVAILABLE');
    assert.equal((await me(http.keys.viewer)).status, 200);
    provider.setDown(false);
    assert.equal((await me(token)).status, 200);
  });

  it('finds the keys where the provider moved them', async () => {
    await provider.rotate();
    provider.moveKeys('/newer/keys');
    assert.equal((await me(await provider.token(ada))).status, 200);
  });

  it('gives tokens that it cannot judge while the provider is down no more tries than wrong ones', async () => {
    const settings = { wrongCredentialsPerMinute: 2 };
    const app = await buildApp({ platform: http.platform, version: 'test', verifyToken, settings });
    const ask = async (token: string): Promise<number> => {
      const answer = await app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${token}` } });
      return answer.statusCode;
    };
    const known = await provider.token(ada);
    assert.equal(await ask(known), 200);
    await provider.rotate();
    provider.setDown(true);
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push(await ask(await provider.token(ada)));
    assert.deepEqual(statuses, [503, 503, 429]);
    assert.equal(await ask(known), 200, 'a token of a known key is let in beside them');
    provider.setDown(false);
    assert.equal(await ask(await provider.token(ada)), 200, 'and every good one afterwards');
    await app.close();
  });
});
