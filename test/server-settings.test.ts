/** The environment of a server: everything has a default that is safe, and all that is wrong is said at once. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadServerSettings } from '../src/config.ts';
import { DroverError } from '../src/errors.ts';

it('listens on loopback, lets no other origin in and believes no proxy where nothing is said', () => {
  assert.partialDeepStrictEqual(loadServerSettings({ PORT: '', HOST: ' ' }), {
    host: '127.0.0.1',
    port: 3000,
    logLevel: 'info',
    poolSize: 10,
    bodyLimitBytes: 1_048_576,
    requestsPerMinute: 1200,
    corsOrigins: [],
    trustProxy: false,
    metrics: 'open',
    stopTimeoutMs: 20_000,
    watchMinutes: 60,
    retirementFeedDays: 90,
    build: 'source',
  });
});

it('reads what is said', () => {
  const settings = loadServerSettings({
    DATABASE_URL: 'postgres://u@h/d',
    PORT: '0',
    HOST: '::1',
    DROVER_CORS_ORIGINS: 'https://a.example, http://localhost:5173',
    DROVER_TRUST_PROXY: 'true',
    DROVER_STOP_SECONDS: '5',
    DROVER_WATCH_MINUTES: '0',
    DROVER_RETIREMENT_FEED_DAYS: '0',
    DROVER_OIDC_ISSUER: 'https://id.example',
    DROVER_OIDC_AUDIENCE: 'drover',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  });
  assert.deepEqual(settings.corsOrigins, ['https://a.example', 'http://localhost:5173']);
  assert.deepEqual([settings.port, settings.host, settings.trustProxy], [0, '::1', true]);
  assert.deepEqual(
    [settings.stopTimeoutMs, settings.watchMinutes, settings.retirementFeedDays],
    [5000, 0, 0],
  );
  assert.equal(settings.tracesUrl, 'http://collector:4318');
  assert.deepEqual(settings.oidc, {
    issuer: 'https://id.example',
    audience: 'drover',
    tenantClaim: 'tenant_id',
    userClaim: 'email',
    clockSkewSeconds: 30,
  });
});

it('lists every problem by name, and shows no value that may be secret', () => {
  const wrong = {
    DATABASE_URL: 'mysql://root:hidden@h/d',
    PORT: '70000',
    DROVER_LOG_LEVEL: 'loud',
    DROVER_BODY_LIMIT: '1MB',
    DROVER_CORS_ORIGINS: 'https://a.example/path, *',
    DROVER_TRUST_PROXY: 'yes',
    DROVER_OIDC_ISSUER: 'id.example',
    DROVER_OIDC_AUDIENCE: 'drover',
  };
  assert.throws(
    () => loadServerSettings(wrong),
    (error: unknown) => {
      assert.ok(error instanceof DroverError);
      assert.equal(error.code, 'CONFIG_INVALID');
      for (const name of Object.keys(wrong).filter((each) => !each.endsWith('AUDIENCE')))
        assert.match(error.message, new RegExp(`^${name}`, 'm'));
      assert.ok(!error.message.includes('hidden'));
      return true;
    },
  );
  assert.throws(() => loadServerSettings({ DROVER_OIDC_AUDIENCE: 'drover' }), /set both, or neither/);
});
